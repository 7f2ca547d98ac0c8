package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GuestFilesTest {
  @TempDir private Path directory = Path.of("unset");

  @Test
  void belongToTheLivingProcessThatWasStartedWithThem() throws IOException {
    GuestFiles files = new GuestFiles(directory);
    assertThat(files.belongToLivingProcess()).isFalse();
    Process process =
        new ProcessBuilder("sh", "-c", "read line; :", "-pidfile", files.pid().toString()).start();
    try {
      Files.writeString(files.pid(), process.pid() + "\n");
      assertThat(files.belongToLivingProcess()).isTrue();
    } finally {
      process.destroyForcibly().onExit().join();
    }
    assertThat(files.belongToLivingProcess()).isFalse();
  }

  @Test
  void doNotBelongToAProcessThatOnlyGotTheSameNumber() throws IOException {
    GuestFiles files = new GuestFiles(directory);
    Files.writeString(files.pid(), ProcessHandle.current().pid() + "\n");
    assertThat(files.belongToLivingProcess()).isFalse();
  }
}
