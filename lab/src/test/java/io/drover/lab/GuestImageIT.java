package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("real")
class GuestImageIT {
  @TempDir Path folder;

  @BeforeAll
  static void needed() {
    Capabilities.require("qemu-system-x86_64", "gcc", "busybox", "cpio", "stress", "stress-ng");
  }

  private static GuestImage image() {
    return new GuestImageBuilder(GuestImageBuilder.defaultCache(System.getenv()), _ -> {}).image();
  }

  @Test
  void twoBuildersAtOnceEndWithOneWholeImageAndNothingElse() throws Exception {
    Path cache = folder.resolve("cache");
    var builder = new GuestImageBuilder(cache, _ -> {});
    var one = CompletableFuture.supplyAsync(builder::image);
    var two = CompletableFuture.supplyAsync(builder::image);
    assertThat(one.get()).isEqualTo(two.get());
    assertThat(one.get().kernel()).isNotEmptyFile();
    assertThat(cache)
        .isDirectoryNotContaining(
            path -> path.getFileName().toString().matches("\\.guest-[0-9].*"));
    try (var files = java.nio.file.Files.list(cache)) {
      assertThat(files).hasSize(2); // the image and the lock
    }
  }

  @Test
  void bootsAndVerifiesItsMemoryAgainAndAgain() throws Exception {
    try (var guest = new PlainGuest(image(), new Workload.Verified(64, 50), 256, folder)) {
      guest.await("ready", SerialLog::ready);
      guest.await("loaded", SerialLog::loaded);
      guest.await("a sweep", log -> log.memory().map(MemoryStatus::sweeps).orElse(0L) >= 2);
      MemoryStatus status = guest.serial().memory().orElseThrow();
      assertThat(status.errors()).isZero();
      assertThat(status.verifiedBytes()).isGreaterThanOrEqualTo(128L << 20);
      assertThat(status.writtenBytes()).isPositive();
      assertThat(guest.serial().faults()).isEmpty();
    }
  }

  @Test
  void reportsTheOneBitThatFlipped() throws Exception {
    try (var guest = new PlainGuest(image(), new Workload.Corrupted(32, 20, 2), 256, folder)) {
      guest.await("the error", log -> log.memory().map(MemoryStatus::errors).orElse(0L) > 0);
      MemoryStatus status = guest.serial().memory().orElseThrow();
      assertThat(status.errors()).isEqualTo(1);
      assertThat(status.firstError())
          .hasValueSatisfying(first -> assertThat(first).startsWith("page:4096,word:17"));
      assertThat(guest.serial().faults()).anyMatch(fault -> fault.contains("mem-error"));
    }
  }

  @Test
  void touchesMemoryOnceAndIdles() throws Exception {
    try (var guest = new PlainGuest(image(), new Workload.Touched(64), 256, folder)) {
      guest.await("loaded", SerialLog::loaded);
      assertThat(guest.serial().memory()).isEqualTo(Optional.empty());
    }
  }

  @Test
  void runsStressAndStressNg() throws Exception {
    for (Workload workload : new Workload[] {new Workload.Stress(32), new Workload.StressNg(32)}) {
      try (var guest = new PlainGuest(image(), workload, 384, folder)) {
        guest.await("busy", log -> log.busyProcesses() > 0);
        assertThat(guest.serial().faults()).isEmpty();
      }
    }
  }
}
