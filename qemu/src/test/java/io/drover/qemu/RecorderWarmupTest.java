package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;

class RecorderWarmupTest {
  @Test
  void theRecorderUnderstandsItsOwnPages() {
    assertThatCode(RecorderWarmup::run).doesNotThrowAnyException();
  }
}
