package io.drover.chunk;

import static io.drover.chunk.Fixture.ANNA;
import static io.drover.chunk.Fixture.BERT;
import static io.drover.chunk.Fixture.checkpoint;
import static io.drover.chunk.Fixture.gives;
import static io.drover.chunk.Fixture.image;
import static io.drover.chunk.Fixture.overwrite;
import static io.drover.chunk.Fixture.pages;
import static io.drover.chunk.Fixture.remember;
import static io.drover.chunk.Fixture.terms;
import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.ByteSize;
import io.drover.model.GuestName;
import io.drover.model.Owner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything at once: what is given is right, and given to its owner; the bounds hold. */
class ConcurrencyTest {
  private static final StoreLimits TIGHT =
      new StoreLimits(new ByteSize(32 << 10), new ByteSize(150 * 4200), new ByteSize(150 * 4200));

  @TempDir private Path folder;

  @Test
  void nobodyIsGivenAnythingWrongWhileAllWork() throws InterruptedException, ExecutionException {
    Path disk = image(folder.resolve("disk.raw"), pages(1, 200));
    Path store = folder.resolve("store");
    AtomicBoolean done = new AtomicBoolean();
    try (ChunkStore shared = Fixture.open(store, TIGHT);
        ExecutorService threads = Executors.newCachedThreadPool()) {
      shared.index(terms(disk, ANNA, Visibility.OWNER));
      List<Future<Long>> workers = new ArrayList<>();
      for (Callable<Long> work : work(shared, disk)) {
        workers.add(threads.submit(work));
      }
      List<Future<Long>> readers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Random random = new Random(i);
        Owner owner = i % 2 == 0 ? ANNA : BERT;
        readers.add(threads.submit(() -> read(shared, owner, random, done)));
      }
      for (Future<Long> worker : workers) {
        worker.get();
      }
      done.set(true);
      for (Future<Long> reader : readers) {
        assertThat(reader.get()).isPositive();
      }
      shared.verify();
      assertThat(shared.verify().findings()).isEmpty();
      shared.gc();
      Fixture.assertBoundsKept(shared, store);
    }
    try (ChunkStore reopened = Fixture.open(store, TIGHT)) {
      assertThat(reopened.status().refused()).isEmpty();
      assertThat(reopened.status().checkpoints().bytes())
          .isEqualTo(Fixture.bytesIn(store.resolve("checkpoints")));
      assertThat(reopened.status().cache().bytes())
          .isEqualTo(Fixture.bytesIn(store.resolve("cache")));
    }
  }

  // Pages of Anna are below 10,000, those of Bert above.
  private static List<Callable<Long>> work(ChunkStore store, Path disk) {
    return List.of(
        () -> {
          for (int i = 0; i < 15; i++) {
            long from = 1000 + i % 3 * 50L;
            checkpoint(store, new GuestName("guest" + i % 4), ANNA, pages(from, from + 60));
          }
          return 0L;
        },
        () -> {
          for (int i = 0; i < 15; i++) {
            long from = 11_000 + i % 3 * 50L;
            checkpoint(store, new GuestName("other" + i % 4), BERT, pages(from, from + 60));
          }
          return 0L;
        },
        () -> {
          for (int i = 0; i < 600; i++) {
            remember(store, ANNA, 2000 + i % 400);
          }
          return 0L;
        },
        () -> {
          for (int i = 0; i < 600; i++) {
            remember(store, BERT, 12_000 + i % 400);
          }
          return 0L;
        },
        () -> {
          for (int i = 0; i < 20; i++) {
            overwrite(disk, i, 300 + i);
            store.index(terms(disk, ANNA, Visibility.OWNER));
            store.gc();
            store.verify();
            store.status();
          }
          return 0L;
        });
  }

  private static long read(ChunkStore store, Owner owner, Random random, AtomicBoolean done) {
    long[] froms = {1, 1000, 2000, 11_000, 12_000};
    long given = 0;
    for (int round = 0; !done.get() || round < 5; round++) {
      try (ChunkReader reader = store.reader(owner, Grain.PAGE)) {
        for (int i = 0; i < 100; i++) {
          long page = froms[random.nextInt(froms.length)] + random.nextInt(200);
          if (gives(reader, page)) {
            assertThat(page < 10_000).isEqualTo(owner.equals(ANNA));
            given++;
          }
        }
      }
    }
    return given;
  }
}
