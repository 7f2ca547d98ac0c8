package io.drover.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TunnelWarmupTest {
  @TempDir Path folder;

  @Test
  void warmsUpAndLeavesNothingBehind() throws Exception {
    Credentials own = new TestFleet(folder.resolve("fleet")).host("alpha");
    Path run = Files.createDirectory(folder.resolve("run"));
    TunnelWarmup.run(own, run, 40 << 20);
    try (Stream<Path> files = Files.list(run)) {
      assertThat(files).isEmpty();
    }
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().contains("warmup-"));
  }
}
