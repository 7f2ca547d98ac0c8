package io.drover.chunk;

import static io.drover.chunk.Fixture.ANNA;
import static io.drover.chunk.Fixture.WEB;
import static io.drover.chunk.Fixture.checkpoint;
import static io.drover.chunk.Fixture.gives;
import static io.drover.chunk.Fixture.image;
import static io.drover.chunk.Fixture.overwrite;
import static io.drover.chunk.Fixture.pages;
import static io.drover.chunk.Fixture.remember;
import static io.drover.chunk.Fixture.terms;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyTest {
  @TempDir private Path folder;

  private Path store() {
    return folder.resolve("store");
  }

  private Path pack(String shelf) {
    return Fixture.filesIn(store().resolve(shelf), ".pack").findFirst().orElseThrow();
  }

  private static void damage(Path file, long at) throws IOException {
    try (FileChannel out = FileChannel.open(file, StandardOpenOption.WRITE)) {
      out.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), at);
    }
  }

  @Test
  void whatIsSoundStays() {
    Path disk = image(folder.resolve("disk.raw"), 0, 1, 2);
    try (ChunkStore store = Fixture.open(store())) {
      store.index(terms(disk, ANNA, Visibility.OWNER));
      checkpoint(store, WEB, ANNA, 3, 4, 5);
      remember(store, ANNA, 6);
    }
    try (ChunkStore store = Fixture.open(store())) {
      VerifyReport report = store.verify();
      assertThat(report.findings()).isEmpty();
      assertThat(report.chunks()).isEqualTo(6);
      assertThat(Arrays.stream(pages(1, 7))).allMatch(page -> gives(store, ANNA, page));
    }
  }

  @Test
  void damagedChunksAreDroppedForGood() throws IOException {
    try (ChunkStore store = Fixture.open(store())) {
      checkpoint(store, WEB, ANNA, pages(1, 11));
      damage(pack("checkpoints"), 3 * 4096 + 77);
      damage(pack("checkpoints"), 9 * 4096);
      VerifyReport report = store.verify();
      assertThat(report.chunks()).isEqualTo(8);
      assertThat(report.findings())
          .containsExactly(
              new VerifyReport.Finding(
                  SourceKind.CHECKPOINT, "web", 2, "2 of its chunks are damaged"));
      assertThat(store.verify().findings()).isEmpty();
      Fixture.assertBoundsKept(store, store());
    }
    try (ChunkStore store = Fixture.open(store());
        ChunkReader reader = store.reader(ANNA, Grain.PAGE)) {
      assertThat(store.status().refused()).isEmpty();
      assertThat(reader.holds(Fixture.name(4))).isFalse();
      assertThat(reader.holds(Fixture.name(10))).isFalse();
      assertThat(gives(reader, 9)).isTrue();
      assertThat(store.status().names()).isEqualTo(8);
    }
  }

  @Test
  void aPackWithoutASoundChunkIsRemoved() throws IOException {
    try (ChunkStore store = Fixture.open(store())) {
      checkpoint(store, WEB, ANNA, 1);
      damage(pack("checkpoints"), 5);
      assertThat(store.verify().findings()).hasSize(1);
      assertThat(store().resolve("checkpoints")).isEmptyDirectory();
      assertThat(store.status().checkpoints().bytes()).isZero();
      assertThat(store.status().names()).isZero();
    }
  }

  @Test
  void aPackThatLostItsCatalogueOrItsEndIsNoticed() throws IOException {
    try (ChunkStore store = Fixture.open(store())) {
      checkpoint(store, WEB, ANNA, 1, 2);
      Path catalogue =
          Fixture.filesIn(store().resolve("checkpoints"), ".catalogue").findFirst().get();
      Files.writeString(catalogue, "nonsense, but for longer than a head");
      assertThat(store.verify().findings()).hasSize(1);
      assertThat(gives(store, ANNA, 1)).isFalse();
      checkpoint(store, WEB, ANNA, 3, 4);
      try (FileChannel out = FileChannel.open(pack("checkpoints"), StandardOpenOption.WRITE)) {
        out.truncate(5000);
      }
      assertThat(store.verify().findings())
          .extracting(VerifyReport.Finding::dropped)
          .containsExactly(1L);
      assertThat(gives(store, ANNA, 3)).isTrue();
      assertThat(gives(store, ANNA, 4)).isFalse();
    }
  }

  @Test
  void anImageThatChangedUnnoticedIsReadAgain() throws IOException {
    Path disk = image(folder.resolve("disk.raw"), pages(1, 9));
    Path gone = image(folder.resolve("gone.raw"), 50);
    try (ChunkStore store = Fixture.open(store())) {
      store.index(terms(disk, ANNA, Visibility.OWNER));
      store.index(terms(gone, ANNA, Visibility.OWNER));
      var modified = Files.getLastModifiedTime(disk);
      overwrite(disk, 0, 20);
      overwrite(disk, 7, 0);
      Files.setLastModifiedTime(disk, modified);
      Files.delete(gone);
      assertThat(store.index(terms(disk, ANNA, Visibility.OWNER)).work())
          .isEqualTo(ImageReport.Work.NOTHING);
      VerifyReport report = store.verify();
      assertThat(report.findings())
          .containsExactlyInAnyOrder(
              new VerifyReport.Finding(
                  SourceKind.IMAGE, disk.toString(), 2, "it changed since it was indexed"),
              new VerifyReport.Finding(
                  SourceKind.IMAGE, gone.toString(), 1, "it is no longer there"));
      assertThat(gives(store, ANNA, 20)).isTrue();
      assertThat(gives(store, ANNA, 8)).isFalse();
      assertThat(store.status().names()).isEqualTo(7);
    }
  }
}
