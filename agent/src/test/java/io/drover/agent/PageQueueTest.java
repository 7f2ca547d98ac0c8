package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.chunk.ChunkName;
import io.drover.chunk.ChunkNamer;
import io.drover.chunk.Grain;
import io.drover.model.ByteSize;
import io.drover.model.MemoryBudget;
import io.drover.model.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PageQueueTest {
  private static final int PAGE = Grain.PAGE.bytes();
  private static final long AMPLE = 10 * PageQueue.leastMemory();

  private final ChunkNamer namer = new ChunkNamer(Grain.PAGE);
  private final AtomicInteger hanging = new AtomicInteger();
  private final List<PageQueue.End> ends = new CopyOnWriteArrayList<>();

  private interface Page {
    void take(ChunkName name, byte[] bytes, int offset);
  }

  private PageQueue queue(MemoryBudget.Share memory, Page page) {
    return new PageQueue(
        "test",
        memory,
        hanging,
        new PageQueue.Taker() {
          @Override
          public void page(ChunkName name, byte[] bytes, int offset) {
            page.take(name, bytes, offset);
          }

          @Override
          public void end(PageQueue.End how) {
            ends.add(how);
          }
        });
  }

  private void add(PageQueue queue, byte[] bytes, int pages) {
    for (int i = 0; i < pages; i++) {
      queue.add(namer.name(bytes, i * PAGE), bytes, i * PAGE);
    }
  }

  private static byte[] noise(int pages) {
    byte[] bytes = new byte[pages * PAGE];
    new Random(pages).nextBytes(bytes);
    return bytes;
  }

  @Test
  void givesEveryPageOnceAndInOrder() {
    byte[] bytes = noise(300);
    List<ChunkName> given = new ArrayList<>();
    PageQueue queue =
        queue(
            LeastMemory.of(AMPLE),
            (name, page, offset) -> {
              assertThat(new ChunkNamer(Grain.PAGE).name(page, offset)).isEqualTo(name);
              given.add(name);
            });
    add(queue, bytes, 300);
    assertThat(queue.finish(10_000)).isEqualTo(PageQueue.End.IN_TIME);
    assertThat(ends).containsExactly(PageQueue.End.IN_TIME);
    assertThat(queue.lost()).isZero();
    assertThat(given).hasSize(300);
    for (int i = 0; i < 300; i++) {
      assertThat(given.get(i)).isEqualTo(namer.name(bytes, i * PAGE));
    }
  }

  @Test
  void aDiskThatStandsStillCostsPagesAndNotTime() throws InterruptedException {
    CountDownLatch free = new CountDownLatch(1);
    AtomicInteger given = new AtomicInteger();
    PageQueue queue =
        queue(
            LeastMemory.of(AMPLE),
            (name, page, offset) -> {
              try {
                free.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              int _ = given.incrementAndGet();
            });
    byte[] bytes = noise(64);
    long began = System.nanoTime();
    for (int i = 0; i < 200; i++) {
      add(queue, bytes, 64);
    }
    // Some 50 MiB, of which a few are held; and one wait, not one for each page.
    assertThat(System.nanoTime() - began).isLessThan(3_000_000_000L);
    assertThat(queue.lost()).isGreaterThan(180L * 64);
    free.countDown();
    assertThat(queue.finish(10_000)).isEqualTo(PageQueue.End.IN_TIME);
    assertThat(ends).containsExactly(PageQueue.End.IN_TIME);
    assertThat(given.get() + queue.lost()).isEqualTo(200L * 64);
  }

  @Test
  void whatComesAfterTheEndIsNotTaken() {
    AtomicInteger given = new AtomicInteger();
    PageQueue queue =
        queue(
            LeastMemory.of(AMPLE),
            (name, page, offset) -> {
              int _ = given.incrementAndGet();
            });
    byte[] bytes = noise(200);
    add(queue, bytes, 10);
    assertThat(queue.finish(10_000)).isEqualTo(PageQueue.End.IN_TIME);
    add(queue, bytes, 200);
    assertThat(given).hasValue(10);
    assertThat(queue.lost()).isZero();
  }

  @Test
  void whoAddsDoesNotWaitForTheEnd() throws InterruptedException {
    CountDownLatch hangs = new CountDownLatch(1);
    CountDownLatch back = new CountDownLatch(1);
    PageQueue queue =
        queue(
            LeastMemory.of(AMPLE),
            (name, page, offset) -> {
              hangs.countDown();
              try {
                back.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    byte[] bytes = noise(64);
    add(queue, bytes, 64);
    hangs.await();
    CompletableFuture<PageQueue.End> end =
        CompletableFuture.supplyAsync(() -> queue.finish(60_000), Thread::startVirtualThread);
    Thread.sleep(50);
    add(queue, bytes, 64);
    assertThat(end).isNotDone();
    back.countDown();
    assertThat(end.join()).isEqualTo(PageQueue.End.IN_TIME);
  }

  @Test
  void aDiskThatComesBackJustAsItIsGivenUpEndsAllTheSame() throws InterruptedException {
    byte[] bytes = noise(64);
    for (int round = 0; round < 200; round++) {
      MemoryBudget budget = new MemoryBudget(new ByteSize(100 * AMPLE));
      PageQueue queue =
          queue(budget.carryOn(0), (name, page, offset) -> LockSupport.parkNanos(10_000));
      add(queue, bytes, 64);
      PageQueue.End _ = queue.finish(1);
      while (hanging.get() > 0 || budget.inUse().bytes() > 0) {
        Thread.sleep(1);
      }
    }
    assertThat(ends).hasSize(200);
  }

  @Test
  void aDiskThatFailsIsNotAskedAgain() {
    AtomicInteger asked = new AtomicInteger();
    PageQueue queue =
        queue(
            LeastMemory.of(AMPLE),
            (name, page, offset) -> {
              int _ = asked.incrementAndGet();
              throw Problem.full("store-disk-full", "the disk is full", "").asException();
            });
    add(queue, noise(200), 200);
    assertThat(queue.finish(10_000)).isEqualTo(PageQueue.End.IN_TIME);
    assertThat(ends).containsExactly(PageQueue.End.IN_TIME);
    assertThat(asked).hasValue(1);
    assertThat(queue.failure()).contains("the disk is full");
  }

  @Test
  void littleMemoryCostsPagesAndNoMore() {
    byte[] bytes = noise(64);
    AtomicInteger given = new AtomicInteger();
    PageQueue queue =
        queue(
            LeastMemory.of(PageQueue.leastMemory()),
            (name, page, offset) -> {
              int _ = given.incrementAndGet();
            });
    for (int i = 0; i < 100; i++) {
      add(queue, bytes, 64);
    }
    assertThat(queue.finish(10_000)).isEqualTo(PageQueue.End.IN_TIME);
    assertThat(given.get() + queue.lost()).isEqualTo(6400);
    assertThat(given.get()).isPositive();
  }

  @Test
  void aDiskThatHangsKeepsOneBatchUntilItComesBack() throws InterruptedException {
    CountDownLatch hangs = new CountDownLatch(1);
    CountDownLatch back = new CountDownLatch(1);
    MemoryBudget budget = new MemoryBudget(new ByteSize(100 * AMPLE));
    MemoryBudget.Share memory = budget.carryOn(0);
    PageQueue queue =
        queue(
            memory,
            (name, page, offset) -> {
              hangs.countDown();
              try {
                back.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    byte[] bytes = noise(64);
    for (int i = 0; i < 20; i++) {
      add(queue, bytes, 64);
    }
    hangs.await();
    long held = budget.inUse().bytes();
    assertThat(queue.finish(50)).isEqualTo(PageQueue.End.GIVEN_UP);
    assertThat(hanging).hasValue(1);
    assertThat(ends).isEmpty();
    assertThat(budget.inUse().bytes()).isEqualTo(PageQueue.leastMemory() / 2).isLessThan(held);
    back.countDown();
    while (hanging.get() > 0 || budget.inUse().bytes() > 0) {
      Thread.sleep(1);
    }
    assertThat(ends).containsExactly(PageQueue.End.GIVEN_UP);
  }
}
