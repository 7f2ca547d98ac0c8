package io.drover.qemu.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class InFlightTest {
  private static final int MIB = 1 << 20;
  private static final NbdLimits LIMITS = new NbdLimits(8, 32L * MIB, Duration.ofSeconds(1));

  @Test
  void buffersUsedAndKeptStayWithinTheLimit() throws Exception {
    Random random = new Random(3);
    try (InFlight inFlight = new InFlight(LIMITS)) {
      Deque<InFlight.Slot> slots = new ArrayDeque<>();
      for (int i = 0; i < 2000; i++) {
        int bytes = 1 + random.nextInt(1 << random.nextInt(22));
        InFlight.Slot slot = inFlight.begin(bytes);
        assertThat(slot.buffer().remaining()).isEqualTo(bytes);
        slots.add(slot);
        if (slots.size() == 7) {
          inFlight.end(slots.remove());
        }
        assertThat(inFlight.bytes()).isLessThanOrEqualTo(32L * MIB);
      }
      slots.forEach(inFlight::end);
      InFlight.Slot largest = inFlight.begin(32 * MIB);
      assertThat(inFlight.bytes()).isEqualTo(32L * MIB);
      inFlight.end(largest);
      inFlight.awaitNone();
    }
  }

  @Test
  void waitsForRoom() throws Exception {
    try (InFlight inFlight = new InFlight(LIMITS)) {
      InFlight.Slot half = inFlight.begin(16 * MIB);
      InFlight.Slot small = inFlight.begin(1);
      CompletableFuture<InFlight.Slot> next =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return inFlight.begin(16 * MIB);
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
      inFlight.end(inFlight.begin(0));
      assertThat(next.isDone()).isFalse();
      inFlight.end(small);
      inFlight.end(next.get(30, TimeUnit.SECONDS));
      assertThatThrownBy(inFlight::close).isInstanceOf(IllegalStateException.class);
      inFlight.end(half);
    }
  }

  @Test
  void givesBuffersBackForGood() throws Exception {
    InFlight.Slot slot;
    try (InFlight inFlight = new InFlight(LIMITS)) {
      slot = inFlight.begin(4096);
      inFlight.end(slot);
    }
    assertThatThrownBy(() -> slot.buffer().get(0)).isInstanceOf(IllegalStateException.class);
  }
}
