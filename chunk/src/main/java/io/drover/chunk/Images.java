package io.drover.chunk;

import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;

/** Catalogues of disk images, which stay where they are. Callers take turns. */
final class Images {
  private static final Pattern FILE = Pattern.compile("[0-9a-f]{40}\\.catalogue(\\.tmp)?");

  private final Path folder;
  private final Disk disk;
  private final Holdings holdings;
  private final Clock clock;
  private final Map<Path, Source> byPath = new HashMap<>();
  private final List<Unusable> unusable = new CopyOnWriteArrayList<>();

  Images(Path folder, Disk disk, Holdings holdings, Clock clock) {
    this.folder = folder;
    this.disk = disk;
    this.holdings = holdings;
    this.clock = clock;
  }

  /** Takes up the catalogues that are there, the newest first; no image is read. */
  void load() throws IOException {
    Disk.createFolder(folder);
    List<Path> files = new ArrayList<>();
    for (Path file : Disk.list(folder).toList()) {
      String name = file.getFileName().toString();
      if (FILE.matcher(name).matches()) {
        if (name.endsWith(Disk.TEMPORARY)) {
          disk.delete(file);
        } else {
          files.add(file);
        }
      }
    }
    // Each asked once: a comparator must not see times change.
    files.stream()
        .map(file -> Map.entry(modified(file), file))
        .sorted(Comparator.comparing(Map.Entry<FileTime, Path>::getKey).reversed())
        .forEach(each -> load(each.getValue()));
  }

  private static FileTime modified(Path file) {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException gone) {
      return FileTime.fromMillis(0);
    }
  }

  private void load(Path catalogue) {
    try (CatalogueReader names = new CatalogueReader(catalogue)) {
      Path path = Path.of(names.about().subject());
      if (names.about().kind() != SourceKind.IMAGE || !catalogue(path).equals(catalogue)) {
        throw CatalogueFormat.damaged(catalogue, "it belongs elsewhere");
      }
      Source source =
          holdings.add(
              path,
              catalogue,
              0,
              names.about(),
              new Source.Contents(names.identity(), names.names(), Disk.size(catalogue)));
      byPath.put(path, source);
      if (Files.exists(path)) {
        holdings.offerAll(source, names);
      } else {
        source.setUnindexed(); // it may only not be mounted yet
      }
    } catch (ProblemException e) {
      refuse(catalogue, e);
    } catch (IOException | InvalidPathException e) {
      refuse(catalogue, CatalogueFormat.damaged(catalogue, String.valueOf(e.getMessage())));
    }
  }

  private void refuse(Path catalogue, ProblemException why) {
    unusable.add(Unusable.of(List.of(catalogue), why.problem()));
  }

  /** Brings the image's catalogue and its names in the index up to date. */
  ImageReport index(Image image) {
    Path path = absolute(image.path());
    FileIdentity identity = identify(path);
    Description about = describe(path, image);
    Optional<Source> known = find(path);
    try {
      if (known.isPresent() && !known.get().about().hasTermsOf(about)) {
        // Nobody may be given anything on the old terms any more, not even after a crash.
        remove(known.get());
        known = Optional.empty();
      }
      if (known.isPresent()
          && known.get().contents().identity().equals(identity)
          && isRestored(known.get())) {
        return new ImageReport(ImageReport.Work.NOTHING, known.get().contents().names(), 0);
      }
      return read(path, identity, about, known);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /** Reads the image whether or not it looks changed. */
  ImageReport reread(Source image) throws IOException {
    Description before = image.about();
    Description about =
        describe(
            image.file(),
            new Image(image.file(), before.owner(), before.visibility(), before.grain()));
    return read(image.file(), FileIdentity.of(image.file()), about, Optional.of(image));
  }

  /** Whether its names are in the index again, if it was away or they had to make room. */
  private boolean isRestored(Source source) throws IOException {
    if (source.isWhole()) {
      return true;
    }
    try (CatalogueReader names = new CatalogueReader(source.catalogue())) {
      holdings.offerAll(source, names);
      return true;
    } catch (ProblemException | NoSuchFileException lost) {
      return false;
    }
  }

  private ImageReport read(
      Path path, FileIdentity identity, Description about, Optional<Source> known)
      throws IOException {
    Source source =
        known.orElseGet(
            () ->
                holdings.add(path, catalogue(path), 0, about, new Source.Contents(identity, 0, 0)));
    try (OldNames old = OldNames.of(known);
        CatalogueWriter fresh = new CatalogueWriter(disk, source.catalogue(), about)) {
      if (known.isPresent() && old.isLost()) {
        // Its catalogue is lost, and with it what the index has of it.
        holdings.index().forget(source.id());
      }
      ImageScan scan = new ImageScan(holdings, source, about.grain(), old, fresh);
      scan.read(path, identity.size());
      long length = fresh.commit(identity);
      source.renew(about, new Source.Contents(identity, fresh.names(), length));
      byPath.put(path, source);
      unusable.removeIf(each -> each.files().contains(source.catalogue()));
      return new ImageReport(ImageReport.Work.READ, fresh.names(), scan.changed());
    } catch (IOException | RuntimeException e) {
      if (known.isEmpty()) {
        holdings.drop(source);
      }
      throw e;
    }
  }

  /** No longer gives away what the image holds. */
  void remove(Source source) throws IOException {
    byPath.remove(source.file());
    holdings.drop(source);
    disk.delete(source.catalogue());
  }

  Optional<Source> find(Path path) {
    return Optional.ofNullable(byPath.get(absolute(path)));
  }

  List<Source> all() {
    return List.copyOf(byPath.values());
  }

  List<Unusable> unusable() {
    return List.copyOf(unusable);
  }

  /** Removes refused catalogues; answers their lengths. */
  List<Unusable> removeUnusable() throws IOException {
    List<Unusable> removed = List.copyOf(unusable);
    for (Unusable each : removed) {
      for (Path file : each.files()) {
        disk.delete(file);
      }
    }
    unusable.clear();
    return removed;
  }

  WrittenDisk written(Image image) {
    Path path = absolute(image.path());
    FileIdentity identity = identify(path);
    return new WrittenDisk(
        holdings,
        holdings.add(
            path,
            catalogue(path),
            clock.millis(),
            describe(SourceKind.DISK, path, image),
            new Source.Contents(identity, 0, 0)));
  }

  private Description describe(Path path, Image image) {
    return describe(SourceKind.IMAGE, path, image);
  }

  private Description describe(SourceKind kind, Path path, Image image) {
    return new Description(
        kind,
        image.owner(),
        image.visibility(),
        image.grain(),
        Instant.ofEpochMilli(clock.millis()),
        path.toString());
  }

  private static Path absolute(Path path) {
    return path.toAbsolutePath().normalize();
  }

  private Path catalogue(Path path) {
    MessageDigest sha256 = ChunkNamer.sha256();
    sha256.update(path.toString().getBytes(StandardCharsets.UTF_8));
    return folder.resolve(ChunkNamer.finish(sha256) + Shelf.CATALOGUE);
  }

  private static FileIdentity identify(Path path) {
    try {
      if (!Files.isRegularFile(path)) {
        throw Problem.unknown(
                "no-image",
                "%s is not a file that is there".formatted(path),
                "Give the path of a raw disk image.")
            .asException();
      }
      return FileIdentity.of(path);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private static ProblemException unreadable(Path path, IOException e) {
    return Problem.host(
            "image-not-indexed",
            "%s cannot be indexed: %s".formatted(path, e),
            "Check that the image can be read and the store's folder written, and that there is"
                + " space.")
        .asException(e);
  }
}
