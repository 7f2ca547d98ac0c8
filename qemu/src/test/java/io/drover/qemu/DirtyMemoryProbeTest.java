package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.migration.DirtyMemory;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class DirtyMemoryProbeTest {
  @Test
  void trustsALookAtAGuestThatWorkedAllTheTime() {
    assertThat(look(310, 140, 120).heldUp()).isFalse();
  }

  @Test
  void trustsALookAtAnIdleGuestWhateverLittleItDid() {
    assertThat(look(305, 20, 0).heldUp()).isFalse();
  }

  @Test
  void doubtsALookDuringWhichABusyGuestStoodStill() {
    assertThat(look(305, 140, 30).heldUp()).isTrue();
  }

  @Test
  void doubtsALookThatTookFarTooLong() {
    assertThat(look(1800, 140, 140).heldUp()).isTrue();
  }

  private static DirtyMemoryProbe.Look look(long tookMillis, long firstHalf, long secondHalf) {
    return new DirtyMemoryProbe.Look(
        new DirtyMemory(
            1 << 30, List.of(new DirtyMemory.Sample(Duration.ofMillis(tookMillis), 1 << 20)), ""),
        Duration.ofMillis(300),
        Duration.ofMillis(firstHalf),
        Duration.ofMillis(secondHalf));
  }
}
