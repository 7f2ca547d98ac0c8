package io.drover.chunk;

import static io.drover.chunk.Fixture.ANNA;
import static io.drover.chunk.Fixture.BERT;
import static io.drover.chunk.Fixture.WEB;
import static io.drover.chunk.Fixture.checkpoint;
import static io.drover.chunk.Fixture.gives;
import static io.drover.chunk.Fixture.image;
import static io.drover.chunk.Fixture.name;
import static io.drover.chunk.Fixture.remember;
import static io.drover.chunk.Fixture.terms;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharingTest {
  @TempDir private Path folder;

  private Path store() {
    return folder.resolve("store");
  }

  private static boolean holds(ChunkStore store, io.drover.model.Owner owner, long page) {
    try (ChunkReader reader = store.reader(owner, Grain.PAGE)) {
      return reader.holds(name(page));
    }
  }

  @Test
  void ownersAreGivenTheirOwnAndWhatIsPublic() {
    Path disk = image(folder.resolve("anna.raw"), 1);
    Path base = image(folder.resolve("base.raw"), 2);
    try (ChunkStore store = Fixture.open(store())) {
      store.index(terms(disk, ANNA, Visibility.OWNER));
      store.index(terms(base, ANNA, Visibility.PUBLIC));
      checkpoint(store, WEB, ANNA, 3);
      remember(store, ANNA, 4);
      for (long page = 1; page <= 4; page++) {
        assertThat(gives(store, ANNA, page)).isTrue();
      }
      assertThat(gives(store, BERT, 2)).isTrue();
      for (long page : new long[] {1, 3, 4}) {
        assertThat(holds(store, BERT, page)).isFalse();
        assertThat(gives(store, BERT, page)).isFalse();
      }
    }
    try (ChunkStore store = Fixture.open(store())) {
      assertThat(gives(store, ANNA, 3)).isTrue();
      assertThat(gives(store, BERT, 2)).isTrue();
      assertThat(gives(store, BERT, 1)).isFalse();
      assertThat(gives(store, BERT, 3)).isFalse();
      assertThat(gives(store, BERT, 4)).isFalse();
    }
  }

  @Test
  void whatTwoOwnersHoldEachFindsAtHome() {
    Path annas = image(folder.resolve("anna.raw"), 1);
    Path berts = image(folder.resolve("bert.raw"), 1);
    try (ChunkStore store = Fixture.open(store())) {
      store.index(terms(annas, ANNA, Visibility.OWNER));
      store.index(terms(berts, BERT, Visibility.OWNER));
      assertThat(store.forget(annas)).isTrue();
      assertThat(holds(store, ANNA, 1)).isFalse();
      assertThat(gives(store, BERT, 1)).isTrue();
      assertThat(store.forget(annas)).isFalse();
    }
  }

  @Test
  void whatIsNoLongerPublicIsNoLongerGivenToOthers() {
    Path base = image(folder.resolve("base.raw"), 1, 2);
    try (ChunkStore store = Fixture.open(store())) {
      store.index(terms(base, ANNA, Visibility.PUBLIC));
      assertThat(gives(store, BERT, 1)).isTrue();
      store.index(terms(base, ANNA, Visibility.OWNER));
      assertThat(holds(store, BERT, 1)).isFalse();
      assertThat(gives(store, ANNA, 1)).isTrue();
      store.index(terms(base, BERT, Visibility.OWNER));
      assertThat(gives(store, ANNA, 1)).isFalse();
      assertThat(gives(store, BERT, 1)).isTrue();
    }
    try (ChunkStore store = Fixture.open(store())) {
      assertThat(gives(store, ANNA, 1)).isFalse();
      assertThat(gives(store, BERT, 2)).isTrue();
    }
  }

  @Test
  void whatIsPublicNeedsNoSecondPlace() {
    Path base = image(folder.resolve("base.raw"), 1, 2, 3);
    Path clone = image(folder.resolve("clone.raw"), 1, 2, 3, 4);
    try (ChunkStore store = Fixture.open(store())) {
      store.index(terms(base, ANNA, Visibility.PUBLIC));
      store.index(terms(clone, BERT, Visibility.OWNER));
      remember(store, BERT, 1, 4);
      assertThat(store.status().names()).isEqualTo(4);
      assertThat(store.status().cache().bytes()).isZero();
      store.forget(base);
      assertThat(gives(store, BERT, 1)).as("the second place is not known").isFalse();
      assertThat(store.gc().found()).isEqualTo(3);
      assertThat(gives(store, BERT, 1)).isTrue();
    }
  }
}
