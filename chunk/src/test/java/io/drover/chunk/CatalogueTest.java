package io.drover.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CatalogueTest {
  private static final Description ABOUT =
      new Description(
          SourceKind.IMAGE,
          Fixture.ANNA,
          Visibility.PUBLIC,
          Grain.PAGE,
          Instant.ofEpochMilli(1_700_000_000_123L),
          "/var/lib/images/Grüße.raw");

  @TempDir private Path folder;
  private Path file = Path.of("");
  private final Disk disk = new Disk(() -> {});

  @BeforeEach
  void chooseFile() {
    file = folder.resolve("some.catalogue");
  }

  private static ChunkName name(Random random) {
    return new ChunkName(random.nextLong(), random.nextLong(), random.nextInt());
  }

  private byte[] write(SortedMap<Long, ChunkName> names, FileIdentity identity) throws IOException {
    try (CatalogueWriter writer = new CatalogueWriter(disk, file, ABOUT)) {
      for (Map.Entry<Long, ChunkName> each : names.entrySet()) {
        writer.add(each.getKey(), each.getValue());
      }
      assertThat(writer.commit(identity)).isEqualTo(Files.size(file));
    }
    return Files.readAllBytes(file);
  }

  private byte[] small() throws IOException {
    Random random = new Random(1);
    SortedMap<Long, ChunkName> names = new TreeMap<>();
    for (long block : new long[] {0, 1, 2, 7, 8, 30}) {
      names.put(block, name(random));
    }
    return write(names, new FileIdentity(31 * 4096, 4711, -5));
  }

  private SortedMap<Long, ChunkName> read() throws IOException {
    SortedMap<Long, ChunkName> names = new TreeMap<>();
    try (CatalogueReader reader = new CatalogueReader(file)) {
      while (reader.next()) {
        names.put(reader.block(), reader.name());
      }
      assertThat(reader.next()).isFalse();
      assertThat(reader.names()).isEqualTo(names.size());
    }
    return names;
  }

  private void refused(String code, byte[] content) {
    ThrowingCallable reading =
        () -> {
          Files.write(file, content);
          read();
        };
    assertThatThrownBy(reading)
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> {
              assertThat(e.problem().code()).isEqualTo(code);
              assertThat(e.problem().message()).contains(file.toString());
            });
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void whatWasWrittenIsRead(long seed) throws IOException {
    Random random = new Random(seed);
    SortedMap<Long, ChunkName> names = new TreeMap<>();
    long block = 0;
    int count = random.nextInt(20_000);
    int gap = random.nextBoolean() ? 10 : 10_000;
    for (int i = 0; i < count; i++) {
      block += random.nextInt(gap) == 0 ? 1 + random.nextInt(1 << 20) : 1;
      names.put(block, name(random));
    }
    FileIdentity identity =
        new FileIdentity((block + 1) * 4096 + 17, random.nextLong(), random.nextLong());
    write(names, identity);
    assertThat(read()).isEqualTo(names);
    try (CatalogueReader reader = new CatalogueReader(file)) {
      assertThat(reader.about()).isEqualTo(ABOUT);
      assertThat(reader.identity()).isEqualTo(identity);
    }
  }

  @Test
  void aCatalogueMayBeEmpty() throws IOException {
    write(new TreeMap<>(), new FileIdentity(0, 1, 2));
    assertThat(read()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 4095, 4096, 4097, 8192, 10_000})
  void theLengthIsKnownBefore(long count) throws IOException {
    Random random = new Random(count);
    SortedMap<Long, ChunkName> names = new TreeMap<>();
    long step = CatalogueWriter.bytes(ABOUT, 0);
    for (long block = 0; block < count; block++) {
      names.put(block, name(random));
      step += CatalogueWriter.bytesOfNext(block);
    }
    assertThat(write(names, new FileIdentity(count * 4096, 1, 2)))
        .hasSize((int) CatalogueWriter.bytes(ABOUT, count))
        .hasSize((int) step);
  }

  @Test
  void everyFlippedByteIsNoticed() throws IOException {
    byte[] good = small();
    Random random = new Random(2);
    for (int i = 0; i < good.length; i++) {
      for (int mask : new int[] {1, 0x80, 0xff, 1 + random.nextInt(255)}) {
        byte[] bad = good.clone();
        bad[i] ^= (byte) mask;
        refused(i == 8 || i == 9 ? "catalogue-version" : "catalogue-damaged", bad);
      }
    }
  }

  @Test
  void everyTruncationIsNoticed() throws IOException {
    byte[] good = small();
    for (int length = 0; length < good.length; length++) {
      refused("catalogue-damaged", Arrays.copyOf(good, length));
    }
    refused("catalogue-damaged", Arrays.copyOf(good, good.length + 1));
  }

  /** The small catalogue with eight bytes replaced and a checksum that is right. */
  private byte[] forged(int at, long value) throws IOException {
    byte[] bytes = small();
    ByteBuffer.wrap(bytes).putLong(at, value);
    MessageDigest sha256 = ChunkNamer.sha256();
    sha256.update(bytes, 0, bytes.length - ChunkName.BYTES);
    ChunkNamer.finish(sha256).write(bytes, bytes.length - ChunkName.BYTES);
    return bytes;
  }

  @Test
  void aRightChecksumDoesNotMakeNonsenseBelieved() throws IOException {
    int firstRun = CatalogueFormat.describe(ABOUT).length;
    int secondRun = firstRun + 12 + 3 * 20;
    assertThat(forged(firstRun, 0)).isEqualTo(small());
    refused("catalogue-damaged", forged(firstRun, -1));
    refused("catalogue-damaged", forged(firstRun, Place.MAX_BLOCK));
    refused("catalogue-damaged", forged(secondRun, 2));
    refused("catalogue-damaged", forged(secondRun + 4, (7L << 32) | 4097));
    refused("catalogue-damaged", forged(small().length - 44, 30 * 4096)); // a shorter file
  }

  @Test
  void countsFarTooLargeTakeNoMemory() throws IOException {
    int firstRun = CatalogueFormat.describe(ABOUT).length;
    // Believed, the larger ones would end in an OutOfMemoryError.
    for (long count : new long[] {4097, 1 << 20, Integer.MAX_VALUE, 0xffff_ffffL}) {
      refused("catalogue-damaged", forged(firstRun + 4, count));
    }
    byte[] subject = small();
    subject[26] = (byte) 0xff;
    refused("catalogue-damaged", subject);
  }

  @Test
  void foreignFilesAreRefused() {
    refused("catalogue-damaged", new byte[0]);
    refused("catalogue-damaged", new byte[1000]);
    refused(
        "catalogue-damaged",
        "QFI\u00fb and so on, for longer than a head".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aNewerVersionIsRefusedByName() throws IOException {
    byte[] newer = small();
    newer[9] = 2;
    refused("catalogue-version", newer);
  }

  @Test
  void itIsPrivateAndThereOnlyWhenWhole() throws IOException {
    try (CatalogueWriter writer = new CatalogueWriter(disk, file, ABOUT)) {
      writer.add(1, name(new Random(1)));
      assertThat(file).doesNotExist();
    }
    assertThat(folder).isEmptyDirectory();
    small();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(folder).isDirectoryNotContaining(each -> !each.equals(file));
  }
}
