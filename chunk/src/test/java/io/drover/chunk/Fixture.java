package io.drover.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.ByteSize;
import io.drover.model.GuestName;
import io.drover.model.Owner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;

/** Chunks that are told by a number, and stores to keep them in. */
final class Fixture {
  static final int PAGE = 4096;
  static final Owner ANNA = new Owner("anna");
  static final Owner BERT = new Owner("bert");
  static final GuestName WEB = new GuestName("web");
  static final ByteSize SEEN = ByteSize.ofMebibytes(8);
  static final StoreLimits AMPLE =
      new StoreLimits(ByteSize.ofMebibytes(16), ByteSize.ofMebibytes(64), ByteSize.ofMebibytes(64));

  private Fixture() {}

  static ChunkStore open(Path folder) {
    return open(folder, AMPLE);
  }

  static ChunkStore open(Path folder, StoreLimits limits) {
    return ChunkStore.open(folder, limits, Clock.systemUTC());
  }

  static byte[] chunk(long number, int length) {
    byte[] bytes = new byte[length];
    new Random(number).nextBytes(bytes);
    return bytes;
  }

  static byte[] page(long number) {
    return chunk(number, PAGE);
  }

  /** Independent of the namer. */
  static ChunkName nameOf(byte[] bytes) {
    try {
      return ChunkName.read(MessageDigest.getInstance("SHA-256").digest(bytes), 0);
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }

  static ChunkName name(long number) {
    return nameOf(page(number));
  }

  /** A file of these pages; the page 0 is zeros. */
  static Path image(Path file, long... pages) {
    try (FileChannel out =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      for (long page : pages) {
        Disk.write(out, page == 0 ? new byte[PAGE] : page(page), 0, PAGE);
      }
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Overwrites a page of a file; the time of the change is certain to differ. */
  static void overwrite(Path file, long block, long page) {
    try {
      long before = Files.getLastModifiedTime(file).toMillis();
      try (FileChannel out = FileChannel.open(file, StandardOpenOption.WRITE)) {
        out.write(ByteBuffer.wrap(page == 0 ? new byte[PAGE] : page(page)), block * PAGE);
      }
      touch(file, before);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void touch(Path file, long laterThan) throws IOException {
    Files.setLastModifiedTime(
        file,
        java.nio.file.attribute.FileTime.fromMillis(
            Math.max(laterThan + 1, System.currentTimeMillis())));
  }

  static Image terms(Path file, Owner owner, Visibility visibility) {
    return new Image(file, owner, visibility, Grain.PAGE);
  }

  static void checkpoint(ChunkStore store, GuestName guest, Owner owner, long... pages) {
    try (CheckpointWriter writer = store.checkpoint(guest, owner, SEEN).orElseThrow()) {
      for (long page : pages) {
        writer.add(name(page), page(page), 0);
      }
      writer.finish();
    }
  }

  static void remember(ChunkStore store, Owner owner, long... pages) {
    for (long page : pages) {
      store.remember(owner, name(page), page(page), 0);
    }
  }

  /** Whether the page is given; what is given is always right. */
  static boolean gives(ChunkReader reader, long page) {
    byte[] into = new byte[PAGE + 8];
    if (!reader.lookup(name(page), into, 8)) {
      return false;
    }
    assertThat(Arrays.copyOfRange(into, 8, PAGE + 8)).isEqualTo(page(page));
    return true;
  }

  static boolean gives(ChunkStore store, Owner owner, long page) {
    try (ChunkReader reader = store.reader(owner, Grain.PAGE)) {
      return gives(reader, page);
    }
  }

  static long[] pages(long from, long to) {
    return java.util.stream.LongStream.range(from, to).toArray();
  }

  static long bytesIn(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.mapToLong(Disk::size).sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Stream<Path> filesIn(Path folder, String suffix) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(suffix)).sorted().toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the store counts is what lies there, within the bounds. */
  static void assertBoundsKept(ChunkStore store, Path folder) {
    StoreStatus status = store.status();
    assertThat(status.checkpoints()).isLessThanOrEqualTo(status.limits().checkpoints());
    assertThat(status.cache()).isLessThanOrEqualTo(status.limits().cache());
    // What is open has not all of its catalogue on disk yet.
    assertThat(bytesIn(folder.resolve("checkpoints")))
        .isLessThanOrEqualTo(status.checkpoints().bytes());
    assertThat(bytesIn(folder.resolve("cache"))).isLessThanOrEqualTo(status.cache().bytes());
  }
}
