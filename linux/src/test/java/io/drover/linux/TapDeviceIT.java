package io.drover.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ProblemException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("real")
class TapDeviceIT {
  private static final String NAME = "drovertest0";

  @BeforeAll
  static void needed() {
    boolean possible =
        "root".equals(System.getProperty("user.name")) && Files.isWritable(Path.of("/dev/net/tun"));
    if (!possible && "true".equals(System.getenv("CI"))) {
      Assertions.fail("this test needs root and /dev/net/tun");
    }
    Assumptions.assumeTrue(possible, "this test needs root and /dev/net/tun");
  }

  @Test
  void existsAsLongAsItIsOpen() {
    Path seen = Path.of("/sys/class/net", NAME);
    assertThat(seen).doesNotExist();
    try (TapDevice tap = TapDevice.create(NAME);
        Arena arena = Arena.ofConfined()) {
      assertThat(seen).exists();
      assertThat(tap.name()).isEqualTo(NAME);
      tap.offload(TapDevice.Offload.SEGMENTS);
      tap.offload(TapDevice.Offload.NONE);
      MemorySegment frame = arena.allocate(TapDevice.MAX_FRAME_BYTES);
      assertThat(tap.read(frame, 1)).isEmpty(); // it is down: nothing comes, and none is taken
      assertThat(tap.write(frame.asSlice(0, 80))).isFalse();
      assertThatThrownBy(() -> TapDevice.create(NAME))
          .isInstanceOf(ProblemException.class)
          .hasMessageContaining(NAME);
    }
    assertThat(seen).doesNotExist();
  }

  @Test
  void refusesNamesThatTheKernelWouldCutShort() {
    assertThatThrownBy(() -> TapDevice.create("sixteen-letters0"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
