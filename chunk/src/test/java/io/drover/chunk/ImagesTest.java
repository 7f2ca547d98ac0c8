package io.drover.chunk;

import static io.drover.chunk.Fixture.ANNA;
import static io.drover.chunk.Fixture.PAGE;
import static io.drover.chunk.Fixture.gives;
import static io.drover.chunk.Fixture.image;
import static io.drover.chunk.Fixture.name;
import static io.drover.chunk.Fixture.overwrite;
import static io.drover.chunk.Fixture.pages;
import static io.drover.chunk.Fixture.terms;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImagesTest {
  @TempDir private Path folder;

  private Path store() {
    return folder.resolve("store");
  }

  private Path disk() {
    return folder.resolve("disk.raw");
  }

  private Image annas() {
    return terms(disk(), ANNA, Visibility.OWNER);
  }

  @Test
  void contentIsFoundWhereItLies() {
    image(disk(), 1, 2, 0, 3, 2);
    try (ChunkStore store = Fixture.open(store())) {
      assertThat(store.index(annas())).isEqualTo(new ImageReport(ImageReport.Work.READ, 4, 4));
      assertThat(Arrays.stream(pages(1, 4))).allMatch(page -> gives(store, ANNA, page));
      assertThat(gives(store, ANNA, 4)).isFalse();
      assertThat(store.status().names()).isEqualTo(3);
      assertThat(Fixture.bytesIn(store().resolve("images"))).isLessThan(400);
    }
  }

  @Test
  void anUnchangedImageIsNotReadAgainNotEvenAfterARestart() {
    image(disk(), pages(1, 50));
    try (ChunkStore store = Fixture.open(store())) {
      store.index(annas());
      assertThat(store.index(annas())).isEqualTo(new ImageReport(ImageReport.Work.NOTHING, 49, 0));
    }
    try (ChunkStore store = Fixture.open(store())) {
      assertThat(gives(store, ANNA, 49)).isTrue();
      assertThat(store.index(annas())).isEqualTo(new ImageReport(ImageReport.Work.NOTHING, 49, 0));
    }
  }

  @Test
  void ofAChangedImageOnlyWhatChangedIsReplaced() {
    image(disk(), 1, 2, 3, 4, 0, 6, 7, 8);
    try (ChunkStore store = Fixture.open(store())) {
      store.index(annas());
      overwrite(disk(), 1, 20); // another content
      overwrite(disk(), 2, 0); // discarded
      overwrite(disk(), 4, 50); // written for the first time
      assertThat(store.index(annas())).isEqualTo(new ImageReport(ImageReport.Work.READ, 7, 3));
      assertThat(Arrays.stream(new long[] {1, 4, 6, 7, 8, 20, 50}))
          .allMatch(page -> gives(store, ANNA, page));
      try (ChunkReader reader = store.reader(ANNA, Grain.PAGE)) {
        assertThat(reader.holds(name(2))).isFalse();
        assertThat(reader.holds(name(3))).isFalse();
      }
    }
  }

  @Test
  void imagesMayShrinkAndGrowAndEndWithinAChunk() throws IOException {
    image(disk(), pages(1, 10));
    try (ChunkStore store = Fixture.open(store())) {
      store.index(annas());
      try (FileChannel out = FileChannel.open(disk(), StandardOpenOption.WRITE)) {
        out.truncate(5 * PAGE + 100);
      }
      assertThat(store.index(annas())).isEqualTo(new ImageReport(ImageReport.Work.READ, 5, 4));
      assertThat(gives(store, ANNA, 6)).isFalse();
      image(disk(), pages(1, 12));
      assertThat(store.index(annas())).isEqualTo(new ImageReport(ImageReport.Work.READ, 11, 6));
    }
  }

  @Test
  void holesTakeNothing() throws IOException {
    try (FileChannel out =
        FileChannel.open(disk(), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      out.write(ByteBuffer.wrap(Fixture.page(1)), 50_000L * PAGE);
      out.write(ByteBuffer.wrap(Fixture.page(2)), 65_535L * PAGE);
    }
    try (ChunkStore store = Fixture.open(store())) {
      assertThat(store.index(annas()).names()).isEqualTo(2);
      assertThat(gives(store, ANNA, 1)).isTrue();
      assertThat(gives(store, ANNA, 2)).isTrue();
      assertThat(Fixture.bytesIn(store().resolve("images"))).isLessThan(400);
    }
  }

  @Test
  void anImageThatLiesIsNotBelieved() {
    image(disk(), pages(1, 10));
    try (ChunkStore store = Fixture.open(store());
        ChunkReader reader = store.reader(ANNA, Grain.PAGE)) {
      store.index(annas());
      overwrite(disk(), 3, 99);
      assertThat(reader.holds(name(4))).isTrue();
      assertThat(gives(reader, 4)).isFalse();
      assertThat(reader.holds(name(4))).as("forgotten").isFalse();
      assertThat(gives(reader, 5)).isTrue();
      assertThat(gives(reader, 99)).isFalse();
    }
  }

  @Test
  void anImageThatIsCutOrRemovedWhileInUseIsAMiss() throws IOException {
    image(disk(), pages(1, 10));
    try (ChunkStore store = Fixture.open(store());
        ChunkReader reader = store.reader(ANNA, Grain.PAGE)) {
      store.index(annas());
      try (FileChannel out = FileChannel.open(disk(), StandardOpenOption.WRITE)) {
        out.truncate(4 * PAGE + 5);
      }
      assertThat(gives(reader, 4)).isTrue();
      assertThat(gives(reader, 5)).isFalse();
      assertThat(gives(reader, 9)).isFalse();
      Files.delete(disk());
      assertThat(gives(store, ANNA, 1)).isFalse();
    }
  }

  @Test
  void chunksOfOtherLengthsAreNamesOfTheirOwn() {
    image(disk(), pages(1, 33));
    Grain large = new Grain(16 * PAGE);
    try (ChunkStore store = Fixture.open(store())) {
      assertThat(store.index(new Image(disk(), ANNA, Visibility.OWNER, large)).names())
          .isEqualTo(2);
      byte[] whole = new byte[16 * PAGE];
      for (int i = 0; i < 16; i++) {
        System.arraycopy(Fixture.page(17 + i), 0, whole, i * PAGE, PAGE);
      }
      byte[] into = new byte[16 * PAGE];
      try (ChunkReader pages = store.reader(ANNA, Grain.PAGE);
          ChunkReader reader = store.reader(ANNA, large)) {
        assertThat(pages.lookup(Fixture.nameOf(whole), into, 0)).isFalse();
        assertThat(Arrays.equals(into, new byte[16 * PAGE])).isTrue();
        assertThat(reader.lookup(Fixture.nameOf(whole), into, 0)).isTrue();
        assertThat(into).isEqualTo(whole);
      }
      // The same image in pages: the long chunks are forgotten.
      assertThat(store.index(annas()).names()).isEqualTo(32);
      assertThat(store.status().names()).isEqualTo(32);
    }
  }

  @Test
  void aDamagedCatalogueIsRefusedAndMadeAnew() throws IOException {
    image(disk(), pages(1, 10));
    try (ChunkStore store = Fixture.open(store())) {
      store.index(annas());
    }
    Path catalogue = Fixture.filesIn(store().resolve("images"), ".catalogue").findFirst().get();
    byte[] bytes = Files.readAllBytes(catalogue);
    bytes[bytes.length / 2]++;
    Files.write(catalogue, bytes);
    try (ChunkStore store = Fixture.open(store())) {
      assertThat(store.status().refused())
          .extracting(Problem::code)
          .containsExactly("catalogue-damaged");
      assertThat(gives(store, ANNA, 1)).isFalse();
      assertThat(catalogue).hasBinaryContent(bytes);
      assertThat(store.index(annas()).work()).isEqualTo(ImageReport.Work.READ);
      assertThat(store.status().refused()).isEmpty();
      assertThat(gives(store, ANNA, 1)).isTrue();
    }
    try (ChunkStore store = Fixture.open(store())) {
      assertThat(gives(store, ANNA, 9)).isTrue();
    }
  }

  @Test
  void aCatalogueOfAnotherImageIsRefused() throws IOException {
    image(disk(), pages(1, 10));
    try (ChunkStore store = Fixture.open(store())) {
      store.index(annas());
    }
    Path catalogue = Fixture.filesIn(store().resolve("images"), ".catalogue").findFirst().get();
    Files.move(catalogue, catalogue.resolveSibling("0".repeat(40) + ".catalogue"));
    Files.writeString(catalogue.resolveSibling("notes.txt"), "of somebody else");
    try (ChunkStore store = Fixture.open(store())) {
      assertThat(store.status().refused()).hasSize(1);
      assertThat(gives(store, ANNA, 1)).isFalse();
      assertThat(store.gc().removed()).isEqualTo(1);
      assertThat(catalogue.resolveSibling("notes.txt")).exists();
    }
  }

  @Test
  void anImageThatIsAwayForAWhileNeedNotBeReadAgain() throws IOException {
    image(disk(), pages(1, 10));
    try (ChunkStore store = Fixture.open(store())) {
      store.index(annas());
    }
    Path away = Files.move(disk(), folder.resolve("away"));
    try (ChunkStore store = Fixture.open(store())) {
      assertThat(gives(store, ANNA, 1)).isFalse();
      Files.move(away, disk());
      assertThat(store.index(annas()).work()).isEqualTo(ImageReport.Work.NOTHING);
      assertThat(gives(store, ANNA, 1)).isTrue();
    }
    Files.delete(disk());
    try (ChunkStore store = Fixture.open(store())) {
      assertThat(store.gc().removed()).isEqualTo(1);
      assertThat(store().resolve("images")).isEmptyDirectory();
      assertThat(store.status().sources()).isEmpty();
    }
  }

  @Test
  void whatIsNoImageIsRefused() {
    try (ChunkStore store = Fixture.open(store())) {
      for (Path path : new Path[] {folder, folder.resolve("nowhere"), Path.of("/dev/null")}) {
        assertThatThrownBy(() -> store.index(terms(path, ANNA, Visibility.OWNER)))
            .isInstanceOfSatisfying(
                ProblemException.class, e -> assertThat(e.problem().code()).isEqualTo("no-image"));
      }
      assertThat(store.status().sources()).isEmpty();
    }
  }

  @Test
  void anInterruptedReaderForgetsNothing() {
    image(disk(), pages(1, 10));
    try (ChunkStore store = Fixture.open(store());
        ChunkReader reader = store.reader(ANNA, Grain.PAGE)) {
      store.index(annas());
      Thread.currentThread().interrupt();
      assertThat(gives(reader, 1)).isFalse();
      assertThat(Thread.interrupted()).isTrue();
      assertThat(gives(reader, 1)).isTrue();
    }
  }
}
