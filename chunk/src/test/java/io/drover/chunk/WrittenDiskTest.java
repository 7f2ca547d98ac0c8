package io.drover.chunk;

import static io.drover.chunk.Fixture.ANNA;
import static io.drover.chunk.Fixture.BERT;
import static io.drover.chunk.Fixture.PAGE;
import static io.drover.chunk.Fixture.gives;
import static io.drover.chunk.Fixture.image;
import static io.drover.chunk.Fixture.overwrite;
import static io.drover.chunk.Fixture.page;
import static io.drover.chunk.Fixture.pages;
import static io.drover.chunk.Fixture.terms;
import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.ByteSize;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WrittenDiskTest {
  @TempDir private Path folder;

  private Path disk() {
    return folder.resolve("disk.raw");
  }

  private WrittenDisk annas(ChunkStore store) {
    return store.written(terms(disk(), ANNA, Visibility.OWNER));
  }

  private static void tell(WrittenDisk disk, long block, long number) {
    disk.written(block * PAGE, page(number), 0, PAGE);
  }

  @Test
  void whatWasToldIsFoundUntilItIsClosedAndByNobodyElse() {
    image(disk(), 1, 2, 0, 3);
    try (ChunkStore store = Fixture.open(folder.resolve("store"))) {
      try (WrittenDisk disk = annas(store)) {
        assertThat(gives(store, ANNA, 1)).isFalse();
        tell(disk, 0, 1);
        tell(disk, 3, 3);
        disk.written(2 * PAGE, new byte[PAGE], 0, PAGE);
        assertThat(gives(store, ANNA, 1)).isTrue();
        assertThat(gives(store, ANNA, 3)).isTrue();
        assertThat(gives(store, ANNA, 2)).isFalse();
        assertThat(gives(store, BERT, 1)).isFalse();
        assertThat(store.status().names()).isEqualTo(2);
        assertThat(store.status().sources()).hasSize(1);
        store.gc();
        assertThat(store.verify().findings()).isEmpty();
        assertThat(gives(store, ANNA, 1)).isTrue();
      }
      assertThat(gives(store, ANNA, 1)).isFalse();
      assertThat(store.status().sources()).isEmpty();
    }
    try (ChunkStore store = Fixture.open(folder.resolve("store"))) {
      assertThat(store.status().sources()).isEmpty();
    }
  }

  @Test
  void onlyWholeBlocksOfTheDiskHaveNames() {
    image(disk(), pages(1, 10));
    byte[] content = new byte[3 * PAGE];
    for (int i = 0; i < 3; i++) {
      System.arraycopy(page(i + 1), 0, content, i * PAGE, PAGE);
    }
    try (ChunkStore store = Fixture.open(folder.resolve("store"));
        WrittenDisk disk = annas(store)) {
      // From the middle of the first to the middle of the third.
      disk.written(PAGE / 2, content, PAGE / 2, 2 * PAGE);
      assertThat(gives(store, ANNA, 1)).isFalse();
      assertThat(gives(store, ANNA, 2)).isTrue();
      assertThat(gives(store, ANNA, 3)).isFalse();
    }
  }

  @Test
  void whatWasOverwrittenSinceIsNotGiven() {
    image(disk(), pages(1, 4));
    try (ChunkStore store = Fixture.open(folder.resolve("store"));
        WrittenDisk disk = annas(store)) {
      tell(disk, 0, 1);
      overwrite(disk(), 0, 9);
      assertThat(gives(store, ANNA, 1)).isFalse();
    }
  }

  @Test
  void itTakesNoRoomFromWhatIsKept() {
    StoreLimits small =
        new StoreLimits(new ByteSize(4 << 10), ByteSize.ofMebibytes(16), ByteSize.ofMebibytes(16));
    Path kept = image(folder.resolve("kept.raw"), pages(1, 101));
    image(disk(), pages(1000, 3000));
    try (ChunkStore store = Fixture.open(folder.resolve("store"), small)) {
      store.index(terms(kept, ANNA, Visibility.OWNER));
      long before = Arrays.stream(pages(1, 101)).filter(page -> gives(store, ANNA, page)).count();
      try (WrittenDisk disk = annas(store)) {
        LongStream.range(0, 2000).forEach(block -> tell(disk, block, 1000 + block));
        assertThat(Arrays.stream(pages(1, 101)).filter(page -> gives(store, ANNA, page)).count())
            .isEqualTo(before);
        assertThat(store.status().sources())
            .anyMatch(source -> source.kind() == SourceKind.DISK && !source.whole());
      }
    }
  }
}
