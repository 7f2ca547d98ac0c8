package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.StoreJobView;
import io.drover.api.StoreOrder;
import io.drover.chunk.ChunkName;
import io.drover.chunk.ChunkNamer;
import io.drover.chunk.Grain;
import io.drover.chunk.StoreLimits;
import io.drover.model.ByteSize;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestName;
import io.drover.model.Owner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ContentsTest {
  private static final int PAGE = Grain.PAGE.bytes();
  private static final int PAGES = 200;
  private static final long HEAP = 1L << 30;

  @TempDir private Path folder;
  private final ChunkNamer namer = new ChunkNamer(Grain.PAGE);
  private final byte[] memory = new byte[PAGES * PAGE];

  ContentsTest() {
    new Random(1).nextBytes(memory);
  }

  private Contents open(ByteSize checkpoints) {
    return Contents.open(
        new StoreConfiguration(
            folder.resolve("store"),
            new StoreLimits(ByteSize.ofMebibytes(4), checkpoints, ByteSize.ofMebibytes(16))),
        Clock.systemUTC(),
        HEAP);
  }

  private static GuestDefinition guest(String owner) {
    return new GuestDefinition(
        new GuestName("web"),
        "00000000-0000-4000-8000-000000000001",
        ByteSize.ofMebibytes(16),
        1,
        "pc-i440fx-7.2",
        "qemu64",
        Optional.empty(),
        Optional.empty(),
        "",
        List.of(),
        Optional.empty(),
        Optional.of(new Owner(owner)));
  }

  private BaseImages bases(Contents contents) {
    return new BaseImages(
        new BaseDigests(_ -> "", Optional.empty(), Clock.systemUTC()),
        contents::imagesFor,
        _ -> false,
        Duration.ZERO);
  }

  private Checkpoint leave(Contents contents) {
    Checkpoint checkpoint = contents.checkpoint(guest("alice")).orElseThrow();
    for (int i = 0; i < PAGES; i++) {
      checkpoint.named(namer.name(memory, i * PAGE), memory, i * PAGE);
    }
    return checkpoint;
  }

  private int held(Contents contents, String owner) {
    int found = 0;
    byte[] page = new byte[PAGE];
    try (HeldChunks held = contents.heldFor("m1", new Owner(owner))) {
      for (int i = 0; i < PAGES; i++) {
        ChunkName name = namer.name(memory, i * PAGE);
        if (held.lookup(name, page, 0)) {
          assertThat(namer.name(page, 0)).isEqualTo(name);
          found++;
        }
      }
    }
    return found;
  }

  @Test
  void aGuestThatReturnsFindsItsMemoryAndNobodyElseDoes() {
    try (Contents contents = open(ByteSize.ofMebibytes(16))) {
      leave(contents).keep();
      assertThat(held(contents, "alice")).isEqualTo(PAGES);
      assertThat(held(contents, "bob")).isZero();
      contents.forget(new GuestName("web"));
      assertThat(held(contents, "alice")).isZero();
    }
  }

  @Test
  void aGuestThatStaysLeavesNothing() throws IOException {
    try (Contents contents = open(ByteSize.ofMebibytes(16))) {
      leave(contents).drop();
      assertThat(held(contents, "alice")).isZero();
      try (Stream<Path> files = Files.list(folder.resolve("store/checkpoints"))) {
        assertThat(files).isEmpty();
      }
    }
  }

  @Test
  void memoryOnDiskIsForItsOwnerAlone() throws IOException {
    try (Contents contents = open(ByteSize.ofMebibytes(16))) {
      leave(contents).keep();
      try (Stream<Path> files = Files.walk(folder.resolve("store"))) {
        for (Path file : (Iterable<Path>) files::iterator) {
          assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
              .isEqualTo(Files.isDirectory(file) ? "rwx------" : "rw-------");
        }
      }
    }
  }

  @Test
  void noCheckpointIsBegunWhereNoneIsWanted() {
    try (Contents contents = open(new ByteSize(0))) {
      assertThat(contents.checkpoint(guest("alice"))).isEmpty();
    }
  }

  @Test
  void whatArrivesIsFoundByTheNextGuestOfItsOwner() {
    try (Contents contents = open(ByteSize.ofMebibytes(16))) {
      try (HeldChunks held = contents.heldFor("m1", new Owner("alice"))) {
        for (int i = 0; i < PAGES; i++) {
          held.arrived(namer.name(memory, i * PAGE), memory, i * PAGE);
        }
      }
      assertThat(held(contents, "alice")).isEqualTo(PAGES);
      assertThat(held(contents, "bob")).isZero();
    }
  }

  @Test
  void aFolderThatCannotBeUsedCostsTheStoreAndNothingElse() throws IOException {
    Files.writeString(folder.resolve("store"), "in the way");
    try (Contents contents = open(ByteSize.ofMebibytes(16))) {
      assertThat(contents.areUsable()).isFalse();
      assertThat(contents.problem()).isPresent();
      assertThat(contents.checkpoint(guest("alice"))).isEmpty();
    }
  }

  @Test
  void anIndexThatDoesNotFitIntoTheAgentIsRefused() {
    try (Contents contents =
        Contents.open(
            new StoreConfiguration(
                folder.resolve("store"),
                new StoreLimits(ByteSize.ofMebibytes(512), new ByteSize(0), new ByteSize(0))),
            Clock.systemUTC(),
            HEAP)) {
      assertThat(contents.problem().orElseThrow().message())
          .contains("512.0 MiB")
          .contains("1.00 GiB");
    }
  }

  @Test
  void workOnTheStoreIsAJobThatIsToldAbout() throws Exception {
    Path image = folder.resolve("base.raw");
    Files.write(image, memory);
    try (Contents contents = open(ByteSize.ofMebibytes(16))) {
      StoreWork work = new StoreWork(contents, bases(contents));
      StoreJobView indexed =
          done(
              work,
              new StoreOrder(
                  "index",
                  Optional.of(image.toString()),
                  Optional.empty(),
                  Optional.of("public"),
                  Optional.empty()));
      assertThat(indexed.counts()).containsEntry("images", 1L).containsEntry("names", 200L);
      assertThat(held(contents, "anybody")).isEqualTo(PAGES);
      assertThat(work.view().sources()).hasSize(1);
      assertThat(done(work, StoreOrder.of("verify")).counts()).containsEntry("chunks", 200L);
      assertThat(done(work, StoreOrder.of("gc")).problem()).isEmpty();
      Files.delete(image);
      assertThat(done(work, StoreOrder.of("gc")).counts()).containsEntry("removed", 1L);
      assertThat(
              done(
                      work,
                      new StoreOrder(
                          "index",
                          Optional.of(image.toString()),
                          Optional.empty(),
                          Optional.empty(),
                          Optional.empty()))
                  .problem())
          .isPresent();
    }
  }

  private static StoreJobView done(StoreWork work, StoreOrder order) throws InterruptedException {
    StoreJobView job = work.begin(order);
    while (!job.done()) {
      Thread.sleep(5);
      job = work.job(job.id());
    }
    return job;
  }
}
