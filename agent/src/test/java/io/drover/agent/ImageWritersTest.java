package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** With lines as kernels write them while QEMU 10.0.2 has images open. */
class ImageWritersTest {
  private static final String READER = "3: OFDLCK ADVISORY  READ -1 fe:00:2162692 100 100";
  private static final String WRITER = "5: OFDLCK ADVISORY  READ -1 fe:00:2162707 100 101";
  private static final String UNSHARED = "4: OFDLCK ADVISORY  READ -1 fe:00:2162707 201 201";

  @Test
  void whoeverMayWriteLocksOneByte() {
    assertThat(ImageWriters.lock(List.of(UNSHARED, WRITER, READER), "2162707")).isTrue();
  }

  @Test
  void whoeverReadsDoesNot() {
    assertThat(ImageWriters.lock(List.of(WRITER, READER), "2162692")).isFalse();
    assertThat(ImageWriters.lock(List.of(UNSHARED), "2162707")).isFalse();
    assertThat(ImageWriters.lock(List.of(WRITER), "162707")).isFalse();
  }

  @Test
  void locksOfAnotherKindMeanNothing() {
    List<String> others =
        List.of(
            "12: FLOCK  ADVISORY  WRITE 23963 fe:00:5 0 EOF",
            "12: -> FLOCK  ADVISORY  WRITE 21998 fe:00:5 0 EOF",
            "13: LEASE  ACTIVE    READ  99 fe:00:5",
            "");
    assertThat(ImageWriters.lock(others, "5")).isFalse();
    assertThat(ImageWriters.lock(List.of("1: POSIX  ADVISORY  WRITE 7 fe:00:5 0 EOF"), "5"))
        .isTrue();
  }

  @Test
  void aFileThatIsNotThereHasNone() {
    assertThat(ImageWriters.haveOpen(java.nio.file.Path.of("/nowhere/at-all"))).isFalse();
  }
}
