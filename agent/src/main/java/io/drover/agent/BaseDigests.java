package io.drover.agent;

import io.drover.api.Json;
import io.drover.model.DiskFormat;
import io.drover.model.Owner;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What images of this host hold that others are based on, or may be: a digest of each, which is
 * remembered, in a file too, until one of the image's files is another or has changed. Images are
 * read one after the other.
 */
final class BaseDigests {
  private static final Logger LOG = LoggerFactory.getLogger(BaseDigests.class);

  private final Reading reading;
  private final Optional<Path> memory;
  private final Clock clock;
  private final Map<String, Known> known = new TreeMap<>();
  private final Map<BaseFiles, CompletableFuture<String>> underWay = new HashMap<>();
  private final ReentrantLock turn = new ReentrantLock();

  /** Takes as long as an image is large. */
  @FunctionalInterface
  interface Reading {
    /** The {@link BaseDigest} of what is to be seen of it. */
    String digest(BaseFiles image) throws IOException;
  }

  /**
   * @param stamps of the image's files when it was read
   * @param offeredTo whose guests may be based on it without anybody having indexed it
   */
  private record Known(
      List<FileStamp> stamps, DiskFormat format, String digest, Set<Owner> offeredTo) {
    BaseFiles image() {
      return new BaseFiles(stamps.stream().map(stamp -> Path.of(stamp.path())).toList(), format);
    }

    boolean isOf(BaseFiles image, List<FileStamp> now) {
      return format == image.format() && stamps.equals(now);
    }
  }

  private record Remembered(List<Known> bases) {}

  /**
   * @param memory the file in which digests outlive the agent; without one they do not
   */
  BaseDigests(Reading reading, Optional<Path> memory, Clock clock) {
    this.reading = reading;
    this.memory = memory;
    this.clock = clock;
    memory.ifPresent(this::load);
  }

  private void load(Path file) {
    try {
      for (Known each : Json.readView(Files.readString(file), Remembered.class).bases()) {
        known.put(each.image().uppermost().toString(), each);
      }
    } catch (NoSuchFileException e) {
      LOG.debug("no digests of bases are remembered");
    } catch (IOException | RuntimeException e) {
      LOG.warn("what is remembered of bases in {} is not used: {}", file, e.getMessage());
      known.clear();
    }
  }

  /** What is known of an image that has not changed since. */
  synchronized Optional<String> known(BaseFiles image) {
    try {
      List<FileStamp> now = image.stamps();
      return Optional.ofNullable(known.get(image.uppermost().toString()))
          .filter(before -> before.isOf(image, now))
          .map(Known::digest);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Reads the image if that is needed; fails where it cannot be read, or changes meanwhile. */
  synchronized CompletableFuture<String> of(BaseFiles image) {
    Optional<String> before = known(image);
    if (before.isPresent()) {
      return CompletableFuture.completedFuture(before.get());
    }
    return underWay.computeIfAbsent(image, this::begin).copy();
  }

  private CompletableFuture<String> begin(BaseFiles image) {
    CompletableFuture<String> digest = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("digest-" + image.uppermost().getFileName())
        .start(
            () -> {
              // Who asks once the answer is there asks anew.
              try {
                String answer = read(image);
                ended(image);
                digest.complete(answer);
              } catch (IOException | RuntimeException e) {
                LOG.warn("what {} holds is not known: {}", image.uppermost(), e.getMessage());
                ended(image);
                digest.completeExceptionally(e);
              }
            });
    return digest;
  }

  private synchronized void ended(BaseFiles image) {
    underWay.remove(image);
  }

  private String read(BaseFiles image) throws IOException {
    turn.lock();
    try {
      Instant begun = clock.instant();
      List<FileStamp> before = image.stamps();
      String digest = reading.digest(image);
      if (!image.stamps().equals(before)) {
        throw new IOException("it was changed while it was read");
      }
      if (before.stream().allMatch(stamp -> stamp.tellsOfChangesAfter(begun))) {
        remember(image, new Known(before, image.format(), digest, Set.of()));
      }
      return digest;
    } finally {
      turn.unlock();
    }
  }

  private synchronized void remember(BaseFiles image, Known fresh) {
    Known before = known.get(image.uppermost().toString());
    known.put(
        image.uppermost().toString(),
        before == null
            ? fresh
            : new Known(fresh.stamps(), fresh.format(), fresh.digest(), before.offeredTo()));
    save();
  }

  /** From now on guests of that owner may be based on it, if it has not changed by then. */
  synchronized void offer(BaseFiles image, Owner owner) {
    Known before = known.get(image.uppermost().toString());
    if (before != null && !before.offeredTo().contains(owner)) {
      Set<Owner> owners = new HashSet<>(before.offeredTo());
      owners.add(owner);
      known.put(
          image.uppermost().toString(),
          new Known(before.stamps(), before.format(), before.digest(), owners));
      save();
    }
  }

  synchronized List<BaseFiles> offeredTo(Owner owner) {
    return known.values().stream()
        .filter(each -> each.offeredTo().contains(owner))
        .map(Known::image)
        .toList();
  }

  /** Without those that are no more. What cannot be written down is read again some day. */
  private void save() {
    known.keySet().removeIf(path -> Files.notExists(Path.of(path)));
    if (memory.isEmpty()) {
      return;
    }
    Path file = memory.get();
    Path fresh = file.resolveSibling(file.getFileName() + ".tmp");
    try {
      Files.deleteIfExists(fresh);
      Files.createFile(
          fresh,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.write(fresh, Json.writeBytes(new Remembered(new ArrayList<>(known.values()))));
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | ProblemException e) {
      LOG.warn("digests of bases are not remembered in {}: {}", file, e.getMessage());
    }
  }
}
