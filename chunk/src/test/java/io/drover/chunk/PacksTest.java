package io.drover.chunk;

import static io.drover.chunk.Fixture.ANNA;
import static io.drover.chunk.Fixture.BERT;
import static io.drover.chunk.Fixture.SEEN;
import static io.drover.chunk.Fixture.WEB;
import static io.drover.chunk.Fixture.assertBoundsKept;
import static io.drover.chunk.Fixture.checkpoint;
import static io.drover.chunk.Fixture.gives;
import static io.drover.chunk.Fixture.image;
import static io.drover.chunk.Fixture.name;
import static io.drover.chunk.Fixture.page;
import static io.drover.chunk.Fixture.pages;
import static io.drover.chunk.Fixture.remember;
import static io.drover.chunk.Fixture.terms;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ByteSize;
import io.drover.model.GuestName;
import io.drover.model.Owner;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PacksTest {
  private static final GuestName MAIL = new GuestName("mail");

  @TempDir private Path folder;

  private StoreLimits limits(long checkpoints, long cache) {
    return new StoreLimits(ByteSize.ofMebibytes(4), new ByteSize(checkpoints), new ByteSize(cache));
  }

  private static List<String> subjects(ChunkStore store) {
    return store.status().sources().stream().map(SourceStatus::subject).toList();
  }

  @Test
  void aGuestThatLeftIsFoundAgain() throws IOException {
    try (ChunkStore store = Fixture.open(folder)) {
      try (CheckpointWriter writer = store.checkpoint(WEB, ANNA, SEEN).orElseThrow()) {
        assertThat(writer.add(name(1), page(1), 0)).isEqualTo(CheckpointWriter.Added.ADDED);
        assertThat(writer.add(name(2), page(2), 0)).isEqualTo(CheckpointWriter.Added.ADDED);
        assertThat(writer.add(name(1), page(1), 0)).isEqualTo(CheckpointWriter.Added.KNOWN);
        assertThat(gives(store, ANNA, 1)).as("before it is finished").isFalse();
        writer.finish();
      }
      assertThat(gives(store, ANNA, 1)).isTrue();
      assertBoundsKept(store, folder);
    }
    try (ChunkStore store = Fixture.open(folder)) {
      assertThat(gives(store, ANNA, 2)).isTrue();
      assertThat(subjects(store)).containsExactly("web");
      assertThat(store.status().checkpoints().bytes())
          .isEqualTo(Fixture.bytesIn(folder.resolve("checkpoints")));
    }
    try (Stream<Path> files = Files.list(folder.resolve("checkpoints"))) {
      for (Path file : files.toList()) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
            .isEqualTo("rw-------");
      }
    }
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(folder.resolve("checkpoints"))))
        .isEqualTo("rwx------");
  }

  @Test
  void aNewCheckpointTakesThePlaceOfTheGuestsLast() {
    try (ChunkStore store = Fixture.open(folder)) {
      checkpoint(store, WEB, ANNA, 1, 2);
      checkpoint(store, MAIL, ANNA, 7);
      checkpoint(store, WEB, ANNA, 2, 3);
      assertThat(gives(store, ANNA, 1)).isFalse();
      for (long page : new long[] {2, 3, 7}) {
        assertThat(gives(store, ANNA, page)).isTrue();
      }
      assertThat(Fixture.filesIn(folder.resolve("checkpoints"), ".pack")).hasSize(2);
    }
  }

  @Test
  void aCheckpointThatIsGivenUpNeverWas() {
    try (ChunkStore store = Fixture.open(folder)) {
      checkpoint(store, WEB, ANNA, 1);
      ByteSize before = store.status().checkpoints();
      try (CheckpointWriter writer = store.checkpoint(WEB, ANNA, SEEN).orElseThrow()) {
        writer.add(name(2), page(2), 0);
        assertThat(store.status().checkpoints()).isGreaterThan(before);
      }
      assertThat(store.status().checkpoints()).isEqualTo(before);
      assertThat(Fixture.bytesIn(folder.resolve("checkpoints"))).isEqualTo(before.bytes());
      assertThat(gives(store, ANNA, 1)).isTrue();
      assertThat(gives(store, ANNA, 2)).isFalse();
    }
  }

  @Test
  void theOldestCheckpointMakesRoom() {
    try (ChunkStore store = Fixture.open(folder, limits(100 * 4200, 0))) {
      checkpoint(store, WEB, ANNA, pages(100, 140));
      checkpoint(store, MAIL, BERT, pages(200, 240));
      assertThat(subjects(store)).containsExactly("mail", "web");
      checkpoint(store, new GuestName("third"), ANNA, pages(300, 340));
      assertThat(subjects(store)).containsExactly("third", "mail");
      assertThat(gives(store, ANNA, 100)).isFalse();
      assertThat(gives(store, BERT, 200)).isTrue();
      assertBoundsKept(store, folder);
    }
    try (ChunkStore store = Fixture.open(folder, limits(50 * 4200, 0))) {
      assertThat(subjects(store)).as("with a smaller bound").containsExactly("third");
      assertBoundsKept(store, folder);
    }
    try (ChunkStore store = Fixture.open(folder, limits(0, 0))) {
      assertThat(store.checkpoint(WEB, ANNA, SEEN)).isEmpty();
      assertThat(folder.resolve("checkpoints")).isEmptyDirectory();
    }
  }

  @Test
  void aCheckpointBeyondTheBoundKeepsWhatFits() {
    try (ChunkStore store = Fixture.open(folder, limits(10 * 4200, 0))) {
      try (CheckpointWriter writer = store.checkpoint(WEB, ANNA, SEEN).orElseThrow()) {
        int added = 0;
        while (writer.add(name(100 + added), page(100 + added), 0)
            == CheckpointWriter.Added.ADDED) {
          added++;
          assertBoundsKept(store, folder);
        }
        assertThat(added).isBetween(8, 10);
        writer.finish();
      }
      assertThat(gives(store, ANNA, 100)).isTrue();
      assertBoundsKept(store, folder);
    }
  }

  @Test
  void theCacheGivesAtOnceAndAfterARestart() {
    try (ChunkStore store = Fixture.open(folder)) {
      remember(store, ANNA, 1, 2, 1, 2);
      remember(store, BERT, 3);
      assertThat(gives(store, ANNA, 1)).isTrue();
      assertThat(gives(store, BERT, 3)).isTrue();
      assertThat(store.status().sources()).extracting(SourceStatus::names).containsExactly(1L, 2L);
      assertBoundsKept(store, folder);
    }
    try (ChunkStore store = Fixture.open(folder)) {
      assertThat(gives(store, ANNA, 2)).isTrue();
      assertThat(gives(store, BERT, 3)).isTrue();
      assertThat(gives(store, ANNA, 3)).isFalse();
      assertThat(store.status().cache().bytes())
          .isEqualTo(Fixture.bytesIn(folder.resolve("cache")));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 5_000, 20_000, 100_000, 1 << 20})
  void theCacheKeepsItsBoundAndTheNewest(long limit) {
    Random random = new Random(limit);
    Owner[] owners = {ANNA, BERT, new Owner("third"), new Owner("fourth")};
    try (ChunkStore store = Fixture.open(folder, limits(0, limit))) {
      Owner last = ANNA;
      for (int i = 1; i < 600; i++) {
        last = owners[random.nextInt(i < 300 ? 1 : owners.length)];
        remember(store, last, i);
        assertBoundsKept(store, folder);
      }
      assertThat(gives(store, last, 599)).isEqualTo(limit > 0);
      assertThat(gives(store, ANNA, 1)).isFalse();
      if (limit > 1000) {
        assertThat(store.status().cache().bytes()).isGreaterThan(limit / 3);
      }
    }
    try (ChunkStore store = Fixture.open(folder, limits(0, limit))) {
      assertBoundsKept(store, folder);
      assertThat(store.status().cache().bytes())
          .isEqualTo(Fixture.bytesIn(folder.resolve("cache")));
    }
  }

  @Test
  void whenTheIndexIsFullTheCacheMakesRoomForCheckpointsAndTheseForImages() {
    // Room for some 3000 names.
    StoreLimits tight =
        new StoreLimits(new ByteSize(64 << 10), ByteSize.ofMebibytes(64), ByteSize.ofMebibytes(64));
    Path disk = image(folder.resolve("disk.raw"), pages(2000, 3500));
    Path store = folder.resolve("store");
    try (ChunkStore full = Fixture.open(store, tight)) {
      remember(full, ANNA, pages(10_000, 11_400));
      assertThat(gives(full, ANNA, 10_000)).isTrue();
      checkpoint(full, WEB, ANNA, pages(5000, 6800));
      assertThat(whole(full)).containsExactly(true, false);
      assertThat(gives(full, ANNA, 5000)).isTrue();
      assertThat(gives(full, ANNA, 10_000)).isFalse();
      full.index(terms(disk, ANNA, Visibility.OWNER));
      assertThat(whole(full)).containsExactly(true, false, false);
      assertThat(Arrays.stream(pages(2000, 3500))).allMatch(page -> gives(full, ANNA, page));
      assertThat(gives(full, ANNA, 5000)).isFalse();
      full.forget(disk);
      assertThat(full.gc().found()).isGreaterThanOrEqualTo(1800);
      assertThat(gives(full, ANNA, 5000)).isTrue();
      full.index(terms(disk, ANNA, Visibility.OWNER));
    }
    try (ChunkStore full = Fixture.open(store, tight)) {
      assertThat(Arrays.stream(pages(2000, 3500))).allMatch(page -> gives(full, ANNA, page));
      assertThat(whole(full)).containsExactly(true, false, false);
    }
  }

  private static List<Boolean> whole(ChunkStore store) {
    return store.status().sources().stream().map(SourceStatus::whole).toList();
  }

  @Test
  void aDamagedPackIsRefusedAndGoesFirst() throws IOException {
    try (ChunkStore store = Fixture.open(folder)) {
      checkpoint(store, WEB, ANNA, pages(1, 20));
      checkpoint(store, MAIL, ANNA, pages(21, 40));
    }
    Path catalogue =
        Fixture.filesIn(folder.resolve("checkpoints"), ".catalogue").findFirst().orElseThrow();
    byte[] bytes = Files.readAllBytes(catalogue);
    bytes[40]++;
    Files.write(catalogue, bytes);
    try (ChunkStore store = Fixture.open(folder)) {
      assertThat(store.status().refused())
          .extracting(Problem::code)
          .containsExactly("catalogue-damaged");
      assertThat(gives(store, ANNA, 1)).isFalse();
      assertThat(gives(store, ANNA, 21)).isTrue();
      assertThat(store.status().checkpoints().bytes())
          .isEqualTo(Fixture.bytesIn(folder.resolve("checkpoints")));
      GcReport report = store.gc();
      assertThat(report.removed()).isEqualTo(1);
      assertThat(report.freed().bytes()).isGreaterThan(19 * 4096);
      assertThat(store.status().refused()).isEmpty();
      assertThat(gives(store, ANNA, 21)).isTrue();
      assertThat(store.status().checkpoints().bytes())
          .isEqualTo(Fixture.bytesIn(folder.resolve("checkpoints")));
    }
  }

  @Test
  void aPackThatWasReplacedIsRefused() throws IOException {
    try (ChunkStore store = Fixture.open(folder)) {
      remember(store, ANNA, 1, 2);
    }
    Path pack = Fixture.filesIn(folder.resolve("cache"), ".pack").findFirst().orElseThrow();
    Files.delete(pack);
    image(pack, 7, 8);
    try (ChunkStore store = Fixture.open(folder)) {
      assertThat(store.status().refused())
          .extracting(Problem::code)
          .containsExactly("pack-changed");
      assertThat(gives(store, ANNA, 1)).isFalse();
    }
  }

  @Test
  void anInterruptedWriterLosesItsOwnSegmentOnly() {
    try (ChunkStore store = Fixture.open(folder)) {
      remember(store, ANNA, 1);
      remember(store, BERT, 2);
      Thread.currentThread().interrupt();
      // The first are only gathered.
      assertThatThrownBy(() -> remember(store, BERT, LongStream.range(100, 200).toArray()))
          .isInstanceOf(ProblemException.class);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(gives(store, BERT, 2)).isFalse();
      remember(store, BERT, 4);
      assertThat(gives(store, BERT, 4)).isTrue();
      assertThat(gives(store, ANNA, 1)).isTrue();
      assertBoundsKept(store, folder);
    }
    try (ChunkStore store = Fixture.open(folder)) {
      assertThat(gives(store, ANNA, 1)).isTrue();
      assertThat(gives(store, BERT, 4)).isTrue();
      assertThat(store.status().cache().bytes())
          .isEqualTo(Fixture.bytesIn(folder.resolve("cache")));
    }
  }

  @Test
  void oneStoreIsUsedOnce() {
    try (ChunkStore store = Fixture.open(folder)) {
      assertThat(store.status().names()).isZero();
      assertThatThrownBy(() -> Fixture.open(folder))
          .isInstanceOfSatisfying(
              ProblemException.class, e -> assertThat(e.problem().code()).isEqualTo("store-busy"));
    }
    Fixture.open(folder).close();
  }

  @Test
  void aStoreThatIsDeletedWhileInUseGivesNothingAndSaysSo() throws IOException {
    ChunkStore store = Fixture.open(folder.resolve("store"));
    remember(store, ANNA, LongStream.range(100, 200).toArray());
    checkpoint(store, WEB, ANNA, 2);
    deleteAll(folder.resolve("store"));
    assertThat(gives(store, ANNA, 100)).isFalse();
    assertThat(gives(store, ANNA, 2)).isFalse();
    assertThatThrownBy(() -> checkpoint(store, WEB, ANNA, 3))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> assertThat(e.problem().code()).isEqualTo("store-unwritable"));
    assertThatThrownBy(() -> remember(store, BERT, 3)).isInstanceOf(ProblemException.class);
    assertThat(gives(store, BERT, 3)).isFalse();
    assertThatThrownBy(store::close).isInstanceOf(ProblemException.class);
    Fixture.open(folder.resolve("store")).close();
  }

  private static void deleteAll(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
