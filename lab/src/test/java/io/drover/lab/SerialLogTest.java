package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SerialLogTest {
  private static final String STATUS =
      "DROVER mem n=7 t=4.2 sweeps=2 verified=100 errors=0 written=300 rate=99.5 first=none ok";

  @TempDir Path folder;

  @Test
  void readsAStatusLineThatArrivesInPieces() throws Exception {
    Path file = folder.resolve("serial.log");
    var log = new SerialLog(file);
    log.refresh();
    assertThat(log.memory()).isEmpty();
    Files.writeString(file, "DROVER ready load=mem ok\r\n" + STATUS.substring(0, 20));
    log.refresh();
    assertThat(log.ready()).isTrue();
    assertThat(log.memory()).isEmpty();
    Files.writeString(file, "DROVER ready load=mem ok\r\n" + STATUS + "\r\n");
    log.refresh();
    assertThat(log.memory().orElseThrow().sweeps()).isEqualTo(2);
    assertThat(log.memory().orElseThrow().megabytesPerSecond()).isEqualTo(99.5);
  }

  @Test
  void ignoresTheHalvesThatAMoveLeaves() {
    for (int cut = 1; cut < STATUS.length(); cut++) {
      var log = new SerialLog(folder.resolve("none"));
      log.accept(STATUS.substring(cut) + "\n" + STATUS.substring(0, cut) + "\n");
      assertThat(log.memory()).as("cut at %d", cut).isEmpty();
    }
  }

  @Test
  void takesPanicsAndLoadErrorsForFaults() {
    var log = new SerialLog(folder.resolve("none"));
    log.accept("[    3.1] Kernel panic - not syncing: Attempted to kill init!\nall is well\n");
    log.accept("DROVER mem-error first=page:1 ok\nstress-ng: fail:  [71] vm\n");
    assertThat(log.faults()).hasSize(3);
  }

  @Test
  void startsAgainWhenTheFileBecameShorter() throws Exception {
    Path file = folder.resolve("serial.log");
    Files.writeString(file, "x".repeat(500));
    var log = new SerialLog(file);
    log.refresh();
    Files.writeString(file, STATUS + "\n");
    log.refresh();
    assertThat(log.memory()).isPresent();
  }
}
