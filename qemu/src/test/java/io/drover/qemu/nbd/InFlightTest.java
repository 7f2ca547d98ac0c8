package io.drover.qemu.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ByteSize;
import io.drover.model.MemoryBudget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InFlightTest {
  private static final int MIB = 1 << 20;

  private final MemoryBudget budget = new MemoryBudget(new ByteSize(32L * MIB));
  private final MemoryBudget.Share memory = budget.admit(2L * MIB, Duration.ZERO).orElseThrow();
  private final InFlight inFlight = new InFlight(8, memory);

  @Test
  void whatIsInFlightIsCountedAndGivenBack() throws Exception {
    Random random = new Random(3);
    Deque<ByteBuffer> buffers = new ArrayDeque<>();
    long bytes = 0;
    for (int i = 0; i < 2000; i++) {
      int more = random.nextInt(1 << random.nextInt(21));
      buffers.add(inFlight.begin(more));
      assertThat(buffers.getLast().remaining()).isEqualTo(more);
      bytes += more;
      if (buffers.size() == 7) {
        bytes -= buffers.getFirst().capacity();
        inFlight.end(buffers.remove().position(0));
      }
      assertThat(budget.inUse().bytes()).isEqualTo(Math.max(2L * MIB, bytes));
    }
    buffers.forEach(inFlight::end);
    inFlight.awaitNone();
    assertThat(budget.inUse().bytes()).isEqualTo(2L * MIB);
  }

  @Test
  void waitsForItsOwnWhereOthersHaveTheRest() throws Exception {
    MemoryBudget.Share others = budget.admit(30L * MIB, Duration.ZERO).orElseThrow();
    ByteBuffer half = inFlight.begin(MIB);
    ByteBuffer other = inFlight.begin(MIB);
    CompletableFuture<ByteBuffer> next =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return inFlight.begin(MIB);
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    inFlight.end(inFlight.begin(0));
    Thread.sleep(50);
    assertThat(next.isDone()).isFalse();
    inFlight.end(other);
    inFlight.end(next.get(30, TimeUnit.SECONDS));
    inFlight.end(half);
    others.close();
  }

  @Test
  void nobodyWaitsForMemoryThatHasBeenGivenBack() throws Exception {
    ByteBuffer last = inFlight.begin(MIB);
    CompletableFuture<Throwable> next = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                inFlight.end(inFlight.begin(32 * MIB));
              } catch (IOException | InterruptedException e) {
                next.complete(e);
              }
            });
    memory.close();
    inFlight.end(last);
    assertThat(next.get(30, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> inFlight.begin(1)).isInstanceOf(IOException.class);
  }
}
