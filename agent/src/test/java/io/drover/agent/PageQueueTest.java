package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.chunk.ChunkName;
import io.drover.chunk.ChunkNamer;
import io.drover.chunk.Grain;
import io.drover.model.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PageQueueTest {
  private static final int PAGE = Grain.PAGE.bytes();
  private final ChunkNamer namer = new ChunkNamer(Grain.PAGE);

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
        new PageQueue(
            "test",
            (name, page, offset) -> {
              assertThat(new ChunkNamer(Grain.PAGE).name(page, offset)).isEqualTo(name);
              given.add(name);
            });
    add(queue, bytes, 300);
    assertThat(queue.finish(10_000)).isTrue();
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
        new PageQueue(
            "test",
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
    assertThat(queue.finish(10_000)).isTrue();
    assertThat(given.get() + queue.lost()).isEqualTo(200L * 64);
  }

  @Test
  void aDiskThatFailsIsNotAskedAgain() {
    AtomicInteger asked = new AtomicInteger();
    PageQueue queue =
        new PageQueue(
            "test",
            (name, page, offset) -> {
              int _ = asked.incrementAndGet();
              throw Problem.full("store-disk-full", "the disk is full", "").asException();
            });
    add(queue, noise(200), 200);
    assertThat(queue.finish(10_000)).isTrue();
    assertThat(asked).hasValue(1);
    assertThat(queue.failure()).contains("the disk is full");
  }
}
