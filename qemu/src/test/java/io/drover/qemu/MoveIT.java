package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.migration.HypervisorEvent;
import io.drover.migration.TransferAddress;
import io.drover.migration.TransferSettings;
import io.drover.migration.TransferState;
import io.drover.model.GuestState;
import io.drover.model.ProblemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("real")
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MoveIT {
  private static final long SLOW = 10_000_000;
  private final RealQemu real;

  MoveIT() throws Exception {
    real = new RealQemu();
  }

  @AfterEach
  void end() throws Exception {
    real.close();
  }

  private void assertRunsWell(QemuGuest guest) throws Exception {
    MemoryWriter.verifyRuns(guest, real.directory);
  }

  private QemuGuest startWriter(String host) throws Exception {
    return MemoryWriter.start(real, host, 20_000);
  }

  @Test
  void movesARunningGuestByPreCopy() throws Exception {
    QemuGuest a = startWriter("a");
    assertThat(a.state()).isEqualTo(GuestState.RUNNING);
    try (Move move = new Move(real, a, "b", RealQemu.precopy()).begin()) {
      move.targetLog.await(HypervisorEvent.TransferCompleted.class);
      assertThat(move.target.guest().orElseThrow().state()).isEqualTo(GuestState.ARRIVING);
      assertThat(move.target.mayHaveRun()).isFalse();
      assertThatThrownBy(() -> move.target.guest().orElseThrow().resume())
          .isInstanceOf(ProblemException.class);
      move.sourceLog.await(HypervisorEvent.TransferCompleted.class);
      assertThat(move.source.transferState()).isEqualTo(TransferState.COMPLETED);
      assertThat(move.source.progress().normalPages()).isGreaterThan(9_000);
      move.target.run();
      move.targetLog.await(HypervisorEvent.GuestResumed.class);
      move.target.announce();
      move.source.quit();
      assertRunsWell(move.arrived());
    }
  }

  @Test
  void switchesToPostCopyAtOnce() throws Exception {
    postCopy(RealQemu.postcopy());
  }

  @Test
  void switchesToPostCopyAtOnceWithAnUrgentChannel() throws Exception {
    postCopy(RealQemu.postcopyUrgent());
  }

  private void postCopy(TransferSettings settings) throws Exception {
    try (Move move =
        new Move(real, startWriter("a"), "b", settings).begin(SLOW * 5, MoveIT::noTap)) {
      move.source.switchToPostCopy(Optional.empty());
      move.sourceLog.await(HypervisorEvent.PostCopyActive.class);
      assertThatThrownBy(move.source::cancelTransfer)
          .isInstanceOf(ProblemException.class)
          .hasMessageContaining("cannot be cancelled");
      assertThat(move.targetLog.has(HypervisorEvent.GuestResumed.class)).isFalse();
      move.target.run();
      move.targetLog.await(HypervisorEvent.GuestResumed.class);
      assertRunsWell(move.finishPostCopy());
    }
  }

  private static void noTap(int channel, byte[] bytes) {}

  @Test
  void switchesToPostCopyAfterTheFirstPass() throws Exception {
    Move begun = new Move(real, startWriter("a"), "b", RealQemu.postcopyUrgent());
    try (Move move = begun) {
      move.source.configure(RealQemu.postcopyUrgent());
      move.source.changeMaxDowntime(Duration.ofMillis(1));
      move.source.startTransfer(move.path(SLOW * 3, MoveIT::noTap));
      move.sourceLog.await(
          event -> event instanceof HypervisorEvent.PassStarted pass && pass.pass() >= 2, "pass 2");
      move.source.switchToPostCopy(Optional.empty());
      move.sourceLog.await(HypervisorEvent.PostCopyActive.class);
      move.target.run();
      assertRunsWell(move.finishPostCopy());
    }
  }

  @Test
  void goesOnAtTheSourceAfterACancelAndMovesLater() throws Exception {
    QemuGuest a = startWriter("a");
    try (Move move = new Move(real, a, "b", RealQemu.postcopyUrgent()).begin(SLOW, MoveIT::noTap)) {
      move.sourceLog.await(HypervisorEvent.TransferActive.class);
      move.source.cancelTransfer();
      // A cancel that comes while channels are being opened is told as a failure by QEMU.
      move.sourceLog.await(
          event ->
              event instanceof HypervisorEvent.TransferCancelled
                  || (event instanceof HypervisorEvent.TransferFailed failed
                      && failed.guestRunning()),
          "the end of the transfer");
      assertThat(move.source.transferState()).isEqualTo(TransferState.FAILED);
      move.target.quit();
    }
    assertRunsWell(a);
    try (Move move = new Move(real, a, "b", RealQemu.precopy()).begin()) {
      assertRunsWell(move.finishPreCopy());
    }
  }

  @Test
  void goesOnAtTheSourceAfterACutBeforeTheSwitch() throws Exception {
    beforeTheSwitch(Move::cut);
  }

  @Test
  void goesOnAtTheSourceAfterBreakingTheTransfer() throws Exception {
    beforeTheSwitch(move -> move.source.breakTransfer());
  }

  private interface Action {
    void on(Move move) throws Exception;
  }

  private void beforeTheSwitch(Action breaking) throws Exception {
    QemuGuest a = startWriter("a");
    try (Move move = new Move(real, a, "b", RealQemu.postcopy()).begin(SLOW, MoveIT::noTap)) {
      move.sourceLog.await(HypervisorEvent.TransferActive.class);
      Thread.sleep(300);
      breaking.on(move);
      HypervisorEvent.TransferFailed failed =
          move.sourceLog.await(HypervisorEvent.TransferFailed.class);
      assertThat(failed.guestRunning()).isTrue();
      assertThat(failed.reason()).isNotEmpty();
      HypervisorEvent.ProcessExited exited =
          move.targetLog.await(HypervisorEvent.ProcessExited.class);
      assertThat(exited.reason()).contains("load of migration failed");
      assertThat(move.target.transferState()).isEqualTo(TransferState.GONE);
      assertThat(real.directory.resolve("b/guests/writer")).doesNotExist();
    }
    assertRunsWell(a);
  }

  @Test
  void recoversPostCopyTwice() throws Exception {
    recovers(RealQemu.postcopy());
  }

  @Test
  void recoversPostCopyWithAnUrgentChannelTwice() throws Exception {
    recovers(RealQemu.postcopyUrgent());
  }

  /** A target that was told to break off at that moment with 'migrate-pause' died of it. */
  @Test
  void recoversWhenItIsBrokenOffWhileItNoticesABreakByItself() throws Exception {
    TransferSettings settings = RealQemu.postcopyUrgent();
    try (Move move =
        new Move(real, startWriter("a"), "b", settings).begin(SLOW / 5, MoveIT::noTap)) {
      move.source.switchToPostCopy(Optional.empty());
      move.sourceLog.await(HypervisorEvent.PostCopyActive.class);
      move.target.run();
      move.targetLog.await(HypervisorEvent.GuestResumed.class);
      int breaks = 16;
      for (int i = 0; i < breaks; i++) {
        move.relay().awaitChannels(2);
        Thread.sleep(100);
        move.relay().cut(i % 2);
        move.cut();
        for (int again = 0; again < 30; again++) {
          move.target.breakTransfer();
        }
        move.source.breakTransfer();
        move.sourceLog.await(HypervisorEvent.PostCopyPaused.class);
        move.targetLog.await(HypervisorEvent.PostCopyPaused.class);
        move.source.resumeTransfer(
            move.path(i < breaks - 1 ? SLOW / 5 : Long.MAX_VALUE, MoveIT::noTap));
        move.sourceLog.await(HypervisorEvent.PostCopyRecovered.class);
        move.targetLog.await(HypervisorEvent.PostCopyRecovered.class);
      }
      assertRunsWell(move.finishPostCopy());
    }
  }

  private void recovers(TransferSettings settings) throws Exception {
    try (Move move = new Move(real, startWriter("a"), "b", settings).begin(SLOW, MoveIT::noTap)) {
      move.source.switchToPostCopy(Optional.empty());
      move.sourceLog.await(HypervisorEvent.PostCopyActive.class);
      move.target.run();
      move.targetLog.await(HypervisorEvent.GuestResumed.class);
      for (int cut = 0; cut < 2; cut++) {
        Thread.sleep(300);
        if (cut == 0) {
          move.cut();
        } else {
          move.source.breakTransfer();
          move.target.breakTransfer();
          move.cut();
        }
        move.sourceLog.await(HypervisorEvent.PostCopyPaused.class);
        move.targetLog.await(HypervisorEvent.PostCopyPaused.class);
        assertThat(move.source.transferState()).isEqualTo(TransferState.POSTCOPY_PAUSED);
        assertThat(move.target.transferState()).isEqualTo(TransferState.POSTCOPY_PAUSED);
        move.source.resumeTransfer(move.path(cut == 0 ? SLOW : Long.MAX_VALUE, MoveIT::noTap));
        move.sourceLog.await(HypervisorEvent.PostCopyRecovered.class);
        move.targetLog.await(HypervisorEvent.PostCopyRecovered.class);
      }
      assertRunsWell(move.finishPostCopy());
    }
  }

  /**
   * With an allowed downtime QEMU thinks that it is about to finish, and takes a break for a failed
   * pre-copy: it restores the source's run state.
   */
  @Test
  void neverRunsTheSourceAgainWhenPostCopyFailsAtItsEnd() throws Exception {
    QemuGuest a = startWriter("a");
    try (Move move = new Move(real, a, "b", RealQemu.postcopy()).begin(SLOW, MoveIT::noTap)) {
      move.source.switchToPostCopy(Optional.empty());
      move.sourceLog.await(HypervisorEvent.PostCopyActive.class);
      move.target.run();
      move.targetLog.await(HypervisorEvent.GuestResumed.class);
      move.source.changeMaxDowntime(Duration.ofSeconds(5));
      assertThat(a.control().run("query-migrate-parameters").path("downtime-limit").asInt())
          .isZero();
      new TransferSetup(a).setParameter("downtime-limit", 60_000);
      Thread.sleep(500);
      move.cut();
      HypervisorEvent.TransferFailed failed =
          move.sourceLog.await(HypervisorEvent.TransferFailed.class);
      assertThat(failed.guestRunning()).isFalse();
      Thread.sleep(500);
      // The start of the guest may be told late, before the switch.
      assertThat(move.sourceLog.after(HypervisorEvent.PostCopyActive.class))
          .noneMatch(HypervisorEvent.GuestResumed.class::isInstance);
      assertThat(a.state()).isEqualTo(GuestState.PAUSED);
    }
  }

  /** The source's QEMU cannot have switched yet when the relay passes nothing on. */
  @Test
  void goesOnAtTheSourceWhenTheSwitchDidNotHappen() throws Exception {
    QemuGuest a = startWriter("a");
    try (Move move = new Move(real, a, "b", RealQemu.postcopy()).begin(100_000, MoveIT::noTap)) {
      move.sourceLog.await(HypervisorEvent.TransferActive.class);
      Thread.sleep(500);
      move.source.switchToPostCopy(Optional.empty());
      move.sourceLog.await(HypervisorEvent.GuestStopped.class);
      move.source.cancelTransfer();
      // QEMU may find that its connection is gone before it finds that it was cancelled.
      move.sourceLog.await(
          event ->
              event instanceof HypervisorEvent.TransferCancelled
                  || event instanceof HypervisorEvent.TransferFailed,
          "end");
      move.target.quit();
    }
    MemoryWriter.verifyRuns(a, real.directory);
  }

  @Test
  void movesThereAndBackAndThereAgain() throws Exception {
    QemuGuest guest = startWriter("a");
    String[] hosts = {"b", "a", "b"};
    for (int i = 0; i < hosts.length; i++) {
      boolean post = i == 1;
      TransferSettings settings = post ? RealQemu.postcopyUrgent() : RealQemu.precopy();
      try (Move move = new Move(real, guest, hosts[i], settings).begin(SLOW * 10, MoveIT::noTap)) {
        if (post) {
          move.source.switchToPostCopy(Optional.empty());
          move.sourceLog.await(HypervisorEvent.PostCopyActive.class);
          move.target.run();
          guest = move.finishPostCopy();
        } else {
          guest = move.finishPreCopy();
        }
        assertRunsWell(guest);
      }
    }
  }

  @Test
  void leavesAPausedGuestPaused() throws Exception {
    for (Supplier<TransferSettings> settings :
        List.<Supplier<TransferSettings>>of(RealQemu::precopy, RealQemu::postcopyUrgent)) {
      boolean post = settings.get().postCopy();
      QemuGuest a = startWriter(post ? "c" : "a");
      a.pause();
      int value = MemoryWriter.verifyPaused(a, real.directory);
      try (Move move =
          new Move(real, a, post ? "d" : "b", settings.get()).begin(SLOW * 5, MoveIT::noTap)) {
        if (post) {
          move.source.switchToPostCopy(Optional.empty());
        }
        QemuGuest b = move.finishPostCopy();
        assertThat(b.runState(Duration.ofSeconds(5))).isEqualTo("paused");
        assertThat(MemoryWriter.verifyPaused(b, real.directory)).isEqualTo(value);
        b.quit();
      }
    }
  }

  @Test
  void listensAtAPortOfItsChoosing() throws Exception {
    QemuGuest a = startWriter("a");
    try (Move move = new Move(real, a, "b", RealQemu.precopy())) {
      TransferAddress.Tcp address =
          (TransferAddress.Tcp) move.target.listen(new TransferAddress.Tcp("127.0.0.1", 0), 0);
      assertThat(address.port()).isGreaterThan(0);
      move.source.configure(RealQemu.precopy());
      move.source.startTransfer(address);
      assertRunsWell(move.finishPreCopy());
    }
  }

  /** And another transfer over the same source does without, after the first was refused. */
  @Test
  void movesOverTlsOnlyToThePeerItExpects() throws Exception {
    Path tls = Certificates.make(real.directory.resolve("tls"), "beta");
    TransferSettings settings =
        new TransferSettings(
            true, true, 0, 0, Duration.ofSeconds(5), false, false, Optional.of(tls));
    QemuGuest a = startWriter("a");
    try (Move move = new Move(real, a, "b", settings)) {
      TransferAddress.TcpTls address = listenWithTls(move);
      move.source.configure(settings);
      move.source.startTransfer(
          new TransferAddress.TcpTls(address.host(), address.port(), "gamma"));
      HypervisorEvent.TransferFailed failed =
          move.sourceLog.await(HypervisorEvent.TransferFailed.class);
      assertThat(failed.guestRunning()).isTrue();
      move.target.quit();
    }
    try (Move move = new Move(real, a, "c", settings)) {
      TransferAddress.TcpTls address = listenWithTls(move);
      move.source.configure(settings);
      move.source.startTransfer(address);
      QemuGuest c = move.finishPreCopy();
      MemoryWriter.verifyRuns(c, real.directory);
      try (Move back = new Move(real, c, "a", RealQemu.precopy()).begin()) {
        MemoryWriter.verifyRuns(back.finishPreCopy(), real.directory);
      }
    }
  }

  private static TransferAddress.TcpTls listenWithTls(Move move) {
    return (TransferAddress.TcpTls)
        move.target.listen(new TransferAddress.TcpTls("127.0.0.1", 0, "beta"), 0);
  }
}
