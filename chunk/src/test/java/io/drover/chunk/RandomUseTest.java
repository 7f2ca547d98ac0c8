package io.drover.chunk;

import static io.drover.chunk.Fixture.ANNA;
import static io.drover.chunk.Fixture.BERT;
import static io.drover.chunk.Fixture.checkpoint;
import static io.drover.chunk.Fixture.gives;
import static io.drover.chunk.Fixture.image;
import static io.drover.chunk.Fixture.overwrite;
import static io.drover.chunk.Fixture.remember;
import static io.drover.chunk.Fixture.terms;
import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.ByteSize;
import io.drover.model.GuestName;
import io.drover.model.Owner;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A store is used at random; who is given what he never held, and nobody made public? */
class RandomUseTest {
  private static final int UNIVERSE = 300;

  @TempDir private Path folder;
  private final Map<Owner, Set<Long>> mayHave =
      new HashMap<>(Map.of(ANNA, new HashSet<>(), BERT, new HashSet<>()));

  private final Map<Path, Image> indexed = new HashMap<>();

  private void allow(Owner owner, Visibility visibility, long... pages) {
    for (Map.Entry<Owner, Set<Long>> each : mayHave.entrySet()) {
      if (visibility == Visibility.PUBLIC || each.getKey().equals(owner)) {
        for (long page : pages) {
          each.getValue().add(page);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void whatIsGivenIsRightAndAllowed(long seed) {
    Random random = new Random(seed);
    Path path = folder.resolve("store");
    ChunkStore store = Fixture.open(path, limits(random));
    try {
      for (int i = 0; i < 150; i++) {
        Owner owner = random.nextBoolean() ? ANNA : BERT;
        long[] some = random.longs(1 + random.nextInt(20), 1, UNIVERSE).toArray();
        Path disk = folder.resolve("disk" + random.nextInt(4));
        switch (random.nextInt(10)) {
          case 0, 1 -> {
            Visibility visibility = random.nextInt(4) == 0 ? Visibility.PUBLIC : Visibility.OWNER;
            image(disk, some);
            indexed.put(disk, terms(disk, owner, visibility));
            store.index(terms(disk, owner, visibility));
            allow(owner, visibility, some);
          }
          case 2 -> {
            Image image = indexed.get(disk);
            if (image != null) {
              overwrite(disk, 0, some[0]);
              allow(image.owner(), image.visibility(), some[0]);
            }
          }
          case 3 -> store.forget(disk);
          case 4, 5 -> {
            if (store.status().limits().checkpoints().bytes() > 0) {
              checkpoint(store, new GuestName("guest" + random.nextInt(3)), owner, some);
              allow(owner, Visibility.OWNER, some);
            }
          }
          case 6, 7 -> {
            remember(store, owner, some);
            allow(owner, Visibility.OWNER, some);
          }
          case 8 -> {
            store.close();
            store = Fixture.open(path, limits(random));
          }
          default -> {
            if (random.nextBoolean()) {
              store.gc();
            } else {
              store.verify();
              // It was only a change of images that was found, and that is done with.
              assertThat(store.verify().findings()).as("seed %d", seed).isEmpty();
            }
          }
        }
        Fixture.assertBoundsKept(store, path);
        assertOnlyWhatIsAllowed(store, random, seed);
      }
    } finally {
      store.close();
    }
  }

  private static StoreLimits limits(Random random) {
    List<Long> sizes = List.of(0L, 30_000L, 200_000L, 10_000_000L);
    return new StoreLimits(
        new ByteSize(random.nextBoolean() ? 0 : 1 << 20),
        new ByteSize(sizes.get(1 + random.nextInt(3))),
        new ByteSize(sizes.get(random.nextInt(4))));
  }

  private void assertOnlyWhatIsAllowed(ChunkStore store, Random random, long seed) {
    for (Owner owner : List.of(ANNA, BERT)) {
      try (ChunkReader reader = store.reader(owner, Grain.PAGE)) {
        for (int i = 0; i < 20; i++) {
          long page = random.nextLong(1, UNIVERSE);
          if (gives(reader, page)) {
            assertThat(mayHave.get(owner)).as("seed %d, %s", seed, owner).contains(page);
          }
        }
      }
    }
  }
}
