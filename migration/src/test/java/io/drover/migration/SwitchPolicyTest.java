package io.drover.migration;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.Mode;
import java.util.List;
import org.junit.jupiter.api.Test;

class SwitchPolicyTest {
  private static final List<MemoryRange> FIRST =
      List.of(new MemoryRange(0, 1 << 20), new MemoryRange(8 << 20, 3 << 20));

  @Test
  void postCopySwitchesWhenAsMuchAsWasAskedForHasGone() {
    TransferProgress asking = progress(1, 500, 100, 0, 0);
    assertThat(wants(Mode.POSTCOPY, asking, progress(1, 800, 823, 0, 0))).isFalse();
    assertThat(wants(Mode.POSTCOPY, asking, progress(1, 800, 824, 0, 0))).isTrue();
  }

  @Test
  void postCopySwitchesWhenTheFirstPassIsOver() {
    assertThat(wants(Mode.POSTCOPY, TransferProgress.NONE, progress(2, 1, 1, 0, 0))).isTrue();
  }

  @Test
  void hybridSwitchesAfterOnePass() {
    assertThat(wants(Mode.HYBRID, TransferProgress.NONE, progress(1, 90_000, 0, 0, 0))).isFalse();
    assertThat(wants(Mode.HYBRID, TransferProgress.NONE, progress(2, 90_000, 0, 0, 0))).isTrue();
  }

  @Test
  void preCopyGoesOverOnlyWhenAutoChoseItAndItDoesNotConverge() {
    TransferProgress hopeless = progress(3, 90_000, 0, 80, 100);
    assertThat(wants(Mode.PRECOPY, TransferProgress.NONE, hopeless)).isFalse();
    assertThat(
            SwitchPolicy.wantsPostCopy(
                Mode.PRECOPY, Mode.AUTO, FIRST, TransferProgress.NONE, hopeless))
        .isTrue();
    assertThat(
            SwitchPolicy.wantsPostCopy(
                Mode.PRECOPY,
                Mode.AUTO,
                FIRST,
                TransferProgress.NONE,
                progress(3, 90_000, 0, 60, 100)))
        .isFalse();
  }

  @Test
  void coldNeverSwitches() {
    assertThat(wants(Mode.COLD, TransferProgress.NONE, progress(9, 90_000, 0, 99, 1))).isFalse();
  }

  private static boolean wants(Mode mode, TransferProgress asking, TransferProgress now) {
    return SwitchPolicy.wantsPostCopy(mode, mode, FIRST, asking, now);
  }

  private static TransferProgress progress(
      int passes, long normal, long zero, long dirtyPerSecond, long perSecond) {
    return new TransferProgress(0, 0, 0, dirtyPerSecond, perSecond, passes, zero, normal, 0);
  }
}
