package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.migration.DirtyMemory;
import io.drover.migration.HypervisorEvent;
import io.drover.migration.MemoryRange;
import io.drover.migration.TransferState;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestState;
import io.drover.model.NetworkCard;
import io.drover.model.ProblemException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("real")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GuestIT {
  private final RealQemu real;

  GuestIT() throws Exception {
    real = new RealQemu();
  }

  @AfterEach
  void end() throws Exception {
    real.close();
  }

  @Test
  void knowsTheProgram() {
    assertThat(real.program.version().atLeast(7, 2)).isTrue();
    assertThat(real.program.machines()).contains("pc-i440fx-7.2", "q35");
    assertThat(real.program.cpuModels()).containsKey("qemu64");
    assertThat(real.program.has("postcopy-ram")).isTrue();
    assertThat(real.program.asPostCopyTarget()).isEmpty();
    assertThatThrownBy(() -> QemuProgram.probe("no-such-qemu"))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("no-such-qemu");
    assertThatThrownBy(() -> QemuProgram.probe("/bin/true"))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("does not behave like QEMU");
  }

  @Test
  void pausesResumesAndEnds() throws Exception {
    QemuGuest guest = MemoryWriter.start(real, "a", 20_000);
    assertThatThrownBy(() -> real.host("a").start(guest.definition()))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("already on this host");
    guest.pause();
    assertThat(guest.state()).isEqualTo(GuestState.PAUSED);
    guest.resume();
    assertThat(guest.state()).isEqualTo(GuestState.RUNNING);
    // It does not listen to its power button.
    guest.powerDown(Duration.ofMillis(200));
    assertThat(guest.state()).isEqualTo(GuestState.STOPPED);
    assertThat(real.directory.resolve("a/guests/writer")).doesNotExist();
  }

  @Test
  void aGuestWithoutAnOperatingSystemNeedsOnlyTheEndsOfItsMemoryFirst() throws Exception {
    QemuGuest guest = MemoryWriter.start(real, "a", 20_000);
    long memory = guest.definition().memory().bytes();
    List<MemoryRange> first = new QemuSource(guest, Accelerator.TCG).neededFirst();
    assertThat(first.getFirst().start()).isZero();
    assertThat(first).anySatisfy(range -> assertThat(range.end()).isEqualTo(memory));
  }

  @Test
  void tellsWhenAGuestSwitchesItselfOff() throws Exception {
    EventLog log = new EventLog();
    GuestDefinition definition =
        MemoryWriter.guest("off", MemoryWriter.imageThatPowersOff(real.directory));
    QemuGuest guest = real.start("a", definition);
    guest.observe(log);
    log.await(HypervisorEvent.GuestPoweredOff.class);
    log.await(HypervisorEvent.ProcessExited.class);
    assertThat(guest.state()).isEqualTo(GuestState.STOPPED);
    assertThat(real.directory.resolve("a/guests/off")).doesNotExist();
  }

  @Test
  void saysWhyQemuDidNotStartAndLeavesNothing() throws Exception {
    GuestDefinition good = MemoryWriter.guest("bad", MemoryWriter.image(real.directory, 1));
    GuestDefinition bad =
        new GuestDefinition(
            good.name(),
            good.uuid(),
            good.memory(),
            good.vcpus(),
            good.machine(),
            "qemu64,no-such-feature=on",
            good.kernel(),
            good.initrd(),
            "",
            List.of(),
            Optional.empty(),
            Optional.empty());
    assertThatThrownBy(() -> real.host("a").start(bad))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("no-such-feature");
    assertThat(real.directory.resolve("a/guests/bad")).doesNotExist();
  }

  @Test
  void findsItsGuestsAgainAndNotAStrangersProcess() throws Exception {
    QemuGuest before = MemoryWriter.start(real, "a", 20_000);
    before.close();
    EventLog log = new EventLog();
    QemuGuest after = real.endLater(real.host("a").find(before.definition()).orElseThrow());
    after.observe(log);
    assertThat(after.pid()).isEqualTo(before.pid());
    after.pause();
    log.await(HypervisorEvent.GuestStopped.class);
    after.resume();
    MemoryWriter.verifyRuns(after, real.directory);
    new QemuProcess(after.pid(), after.definition().uuid()).kill();
    log.await(HypervisorEvent.ProcessExited.class);

    GuestFiles files = GuestFiles.of(real.directory.resolve("a"), after.definition().name());
    files.create();
    Files.writeString(files.pid(), Long.toString(ProcessHandle.current().pid()));
    assertThat(real.host("a").find(after.definition())).isEmpty();
    assertThat(files.directory()).doesNotExist();
  }

  /** Both agents go away while post-copy is paused, and both new ones recover it. */
  @Test
  void recoversPostCopyFromNewAgents() throws Exception {
    QemuGuest guest = MemoryWriter.start(real, "a", 20_000);
    try (Move move = new Move(real, guest, "b", RealQemu.postcopyUrgent())) {
      move.begin(10_000_000, (channel, bytes) -> {});
      move.source.switchToPostCopy(Optional.empty());
      move.sourceLog.await(HypervisorEvent.PostCopyActive.class);
      move.target.run();
      move.targetLog.await(HypervisorEvent.GuestResumed.class);
      move.cut();
      move.sourceLog.await(HypervisorEvent.PostCopyPaused.class);
      move.targetLog.await(HypervisorEvent.PostCopyPaused.class);
      guest.close();
      move.target.guest().orElseThrow().close();

      QemuGuest a = real.endLater(real.host("a").find(guest.definition()).orElseThrow());
      QemuGuest b = real.endLater(real.host("b").find(guest.definition()).orElseThrow());
      EventLog sourceLog = new EventLog();
      EventLog targetLog = new EventLog();
      QemuSource source = new QemuSource(a, real.program.accelerator());
      source.subscribe(sourceLog);
      QemuTarget target =
          QemuTarget.foundRunning(
              real.host("b"), b, ArrivingDisks.toBeMade(b.definition(), List.of()));
      target.subscribe(targetLog);
      assertThat(source.transferState()).isEqualTo(TransferState.POSTCOPY_PAUSED);
      assertThat(target.transferState()).isEqualTo(TransferState.POSTCOPY_PAUSED);
      assertThat(target.mayHaveRun()).isTrue();
      var incoming = real.socket();
      var outgoing = real.socket();
      target.listen(new io.drover.migration.TransferAddress.UnixSocket(incoming), 1);
      RecordingRelay relay = new RecordingRelay(outgoing, incoming, (channel, bytes) -> {});
      source.resumeTransfer(new io.drover.migration.TransferAddress.UnixSocket(outgoing));
      sourceLog.await(HypervisorEvent.TransferCompleted.class);
      targetLog.await(HypervisorEvent.TransferCompleted.class);
      source.quit();
      MemoryWriter.verifyRuns(b, real.directory);
      relay.close();
    }
  }

  @Test
  void measuresWhatTheGuestRewrites() throws Exception {
    QemuGuest guest = MemoryWriter.start(real, "a", 1);
    QemuSource source = new QemuSource(guest, real.program.accelerator());
    DirtyMemory busy = source.measureDirtyMemory(Duration.ofMillis(800));
    assertThat(busy.residentBytes()).isBetween(42L << 20, 64L << 20);
    assertThat(busy.samples().getLast().bytes()).isBetween(40L << 20, 64L << 20);
    guest.pause();
    DirtyMemory idle = source.measureDirtyMemory(Duration.ofMillis(400));
    assertThat(idle.samples().getLast().bytes()).isLessThan(1 << 20);
  }

  @Test
  void givesAGuestItsTapAndTakesItAway() throws Exception {
    String bridge = "drit" + ProcessHandle.current().pid() % 10_000_000;
    GuestDefinition plain = MemoryWriter.guest("net", MemoryWriter.image(real.directory, 1));
    GuestDefinition networked =
        new GuestDefinition(
            plain.name(),
            plain.uuid(),
            plain.memory(),
            1,
            plain.machine(),
            plain.cpu(),
            plain.kernel(),
            plain.initrd(),
            "",
            List.of(new NetworkCard("52:54:00:00:00:01", bridge)),
            Optional.empty(),
            Optional.empty());
    assertThatThrownBy(() -> real.host("a").start(networked))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining(bridge);
    run("ip", "link", "add", bridge, "type", "bridge");
    try {
      GuestTap tap = new GuestTap(CommandLine.tapName(networked, 0));
      QemuGuest guest = real.start("a", networked);
      assertThat(tap.exists()).isTrue();
      assertThat(Files.exists(java.nio.file.Path.of("/sys/class/net", bridge, "brif", tap.name())))
          .isTrue();
      guest.quit();
      assertThat(tap.exists()).isFalse();
    } finally {
      run("ip", "link", "delete", bridge);
    }
  }

  private static void run(String... command) throws Exception {
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
  }
}
