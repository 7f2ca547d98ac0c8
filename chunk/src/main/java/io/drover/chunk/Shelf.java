package io.drover.chunk;

import io.drover.model.ByteSize;
import io.drover.model.Owner;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A folder of packs, bounded: what would go beyond removes the oldest pack first. Files that are
 * not the store's are left alone.
 */
final class Shelf {
  private static final Pattern FILE =
      Pattern.compile("([0-9a-f]{16})\\.(pack|catalogue|catalogue\\.tmp)");
  private static final String PACK = ".pack";
  static final String CATALOGUE = ".catalogue";

  private final SourceKind kind;
  private final Path folder;
  private final ByteSize limit;
  private final Disk disk;
  private final Holdings holdings;
  private final Clock clock;
  private final TreeMap<Long, Source> packs = new TreeMap<>();
  private final List<Unusable> unusable = new ArrayList<>();
  private long taken;
  private long last;

  Shelf(SourceKind kind, Path folder, ByteSize limit, Disk disk, Holdings holdings, Clock clock) {
    this.kind = kind;
    this.folder = folder;
    this.limit = limit;
    this.disk = disk;
    this.holdings = holdings;
    this.clock = clock;
  }

  /** Takes up what is there, the newest first, and removes what a crash left. */
  synchronized void load() throws IOException {
    Disk.createFolder(folder);
    NavigableSet<Long> numbers = new TreeSet<>();
    for (Path file : Disk.list(folder).toList()) {
      Matcher matcher = FILE.matcher(file.getFileName().toString());
      if (matcher.matches()) {
        numbers.add(HexFormat.fromHexDigitsToLong(matcher.group(1)));
      }
      if (matcher.matches() && file.toString().endsWith(Disk.TEMPORARY)) {
        disk.delete(file);
      }
    }
    last = numbers.isEmpty() ? 0 : Math.max(0, numbers.last());
    for (long number : numbers.descendingSet()) {
      load(number);
    }
    reserve(0);
  }

  private void load(long number) throws IOException {
    Path pack = pack(number);
    Path catalogue = catalogue(number);
    if (Files.notExists(catalogue) || Files.notExists(pack)) {
      disk.delete(catalogue);
      disk.delete(pack);
      return;
    }
    try (CatalogueReader names = new CatalogueReader(catalogue)) {
      if (names.about().kind() != kind || !names.identity().equals(FileIdentity.of(pack))) {
        throw Problem.host(
                "pack-changed",
                "%s is not the file that its catalogue describes".formatted(pack),
                "Nothing is lost but time; it goes when the store is cleaned up.")
            .asException();
      }
      if (superseded(names.about())) {
        disk.delete(catalogue);
        disk.delete(pack);
        return;
      }
      Source source =
          add(
              number,
              names.about(),
              new Source.Contents(names.identity(), names.names(), Disk.size(catalogue)));
      taken += bytes(source);
      holdings.offerAll(source, names);
    } catch (ProblemException e) {
      refuse(catalogue, pack, e);
    } catch (IOException e) {
      refuse(catalogue, pack, CatalogueFormat.damaged(catalogue, String.valueOf(e.getMessage())));
    }
  }

  private void refuse(Path catalogue, Path pack, ProblemException why) {
    Unusable refused = Unusable.of(List.of(catalogue, pack), why.problem());
    unusable.add(refused);
    taken += refused.bytes();
  }

  private boolean superseded(Description about) {
    return kind == SourceKind.CHECKPOINT
        && packs.values().stream().anyMatch(each -> isOfSameGuest(each, about));
  }

  private static boolean isOfSameGuest(Source source, Description about) {
    return source.about().subject().equals(about.subject());
  }

  private Source add(long number, Description about, Source.Contents contents) {
    Source source = holdings.add(pack(number), catalogue(number), number, about, contents);
    packs.put(number, source);
    return source;
  }

  /** A new pack, if there is room for its head. */
  synchronized Optional<PackWriter> begin(Owner owner, String subject) throws IOException {
    Description about =
        new Description(
            kind,
            owner,
            Visibility.OWNER,
            Grain.PAGE,
            Instant.ofEpochMilli(clock.millis()),
            subject);
    long head = CatalogueWriter.bytes(about, 0);
    if (!reserve(head)) {
      return Optional.empty();
    }
    try {
      last++;
      return Optional.of(new PackWriter(disk, pack(last), catalogue(last), last, about));
    } catch (IOException e) {
      taken -= head;
      throw e;
    }
  }

  /** The number of the block that the chunk became, if there is room for it. */
  synchronized OptionalLong append(PackWriter pack, ChunkName name, byte[] bytes, int offset)
      throws IOException {
    long more = pack.bytesOfNext();
    if (!reserve(more)) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(pack.append(name, bytes, offset));
    } catch (IOException e) {
      taken -= more;
      throw e;
    }
  }

  /** The pack was sealed: from now on it may be removed to make room. */
  synchronized void keep(Source source) {
    packs.put(source.order(), source);
  }

  /** The sealed checkpoint takes the place of earlier ones of its guest. */
  synchronized Source replace(PackWriter pack, Source.Contents contents) throws IOException {
    List<Source> earlier =
        packs.values().stream().filter(each -> isOfSameGuest(each, pack.about())).toList();
    Source source = add(pack.order(), pack.about(), contents);
    for (Source each : earlier) {
      remove(each);
    }
    return source;
  }

  /** The pack was not sealed, and what it took is free again. */
  synchronized void abandon(PackWriter pack, long bytes) throws IOException {
    taken -= bytes;
    pack.close();
  }

  /** Removes a pack, unless that happened already. */
  synchronized void remove(Source source) throws IOException {
    if (packs.remove(source.order(), source)) {
      taken -= bytes(source);
      holdings.drop(source);
      disk.delete(source.catalogue());
      disk.delete(source.file());
    }
  }

  /** Removes the packs of one subject; answers whether there were any. */
  synchronized boolean removeOf(String subject) throws IOException {
    List<Source> found =
        packs.values().stream().filter(each -> each.about().subject().equals(subject)).toList();
    for (Source each : found) {
      remove(each);
    }
    return !found.isEmpty();
  }

  /** A catalogue with fewer names, for a pack that is still there. */
  synchronized void recatalogue(Source source, CatalogueWriter catalogue) throws IOException {
    if (packs.containsValue(source)) {
      FileIdentity identity = FileIdentity.of(source.file());
      taken -= bytes(source);
      long length = catalogue.commit(identity);
      source.renew(source.about(), new Source.Contents(identity, catalogue.names(), length));
      taken += bytes(source);
    }
  }

  synchronized long removeUnusable() throws IOException {
    long count = 0;
    while (!unusable.isEmpty()) {
      removeOldest();
      count++;
    }
    return count;
  }

  Path folder() {
    return folder;
  }

  synchronized List<Problem> refused() {
    return unusable.stream().map(Unusable::problem).toList();
  }

  synchronized List<Source> packs() {
    return List.copyOf(packs.values());
  }

  synchronized ByteSize taken() {
    return new ByteSize(taken);
  }

  /** Takes so much of the bound, and removes the oldest to make room; not if that is not enough. */
  private boolean reserve(long bytes) throws IOException {
    while (taken + bytes > limit.bytes()) {
      if (unusable.isEmpty() && packs.isEmpty()) {
        return false;
      }
      removeOldest();
    }
    taken += bytes;
    return true;
  }

  private void removeOldest() throws IOException {
    if (unusable.isEmpty()) {
      remove(packs.firstEntry().getValue());
      return;
    }
    Unusable first = unusable.removeFirst();
    taken -= first.bytes();
    for (Path file : first.files()) {
      disk.delete(file);
    }
  }

  private static long bytes(Source source) {
    Source.Contents contents = source.contents();
    return contents.identity().size() + contents.catalogueBytes();
  }

  private Path pack(long number) {
    return folder.resolve(HexFormat.of().toHexDigits(number) + PACK);
  }

  private Path catalogue(long number) {
    return folder.resolve(HexFormat.of().toHexDigits(number) + CATALOGUE);
  }
}
