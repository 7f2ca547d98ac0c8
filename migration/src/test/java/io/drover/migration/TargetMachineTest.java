package io.drover.migration;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.migration.TargetState.Stage;
import io.drover.model.ByteSize;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestName;
import io.drover.model.MigrationOptions;
import io.drover.model.Outcome;
import io.drover.model.Problem;
import io.drover.model.Version;
import io.drover.wire.PeerMessage;
import io.drover.wire.PeerMessage.TargetStage;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TargetMachineTest {
  private TargetState state = TargetState.initial();
  private List<TargetEffect> effects = List.of();

  private void on(TargetEvent event) {
    TargetStep step = TargetMachine.step(state, event);
    state = step.state();
    effects = step.effects();
  }

  private void peer(PeerMessage message) {
    on(new TargetEvent.FromPeer(message));
  }

  private void hypervisor(HypervisorEvent event) {
    on(new TargetEvent.FromHypervisor(event));
  }

  private void receiving() {
    on(new TargetEvent.Launched());
    peer(new PeerMessage.Listen(0));
    assertThat(state.stage()).isEqualTo(Stage.RECEIVING);
  }

  private void loaded() {
    receiving();
    hypervisor(new HypervisorEvent.TransferCompleted(0));
    assertThat(state.stage()).isEqualTo(Stage.LOADED);
  }

  private void postCopyRunning() {
    receiving();
    hypervisor(new HypervisorEvent.PostCopyActive(0));
    peer(new PeerMessage.Commit(true));
    assertThat(state.stage()).isEqualTo(Stage.RUNNING);
  }

  private static TargetEffect send(PeerMessage message) {
    return new TargetEffect.Send(message);
  }

  @Test
  void saysThatAGuestIsLostWhenAPersonGivesItUpAfterItRanHere() {
    postCopyRunning();
    on(new TargetEvent.Resolved(TargetEvent.Decision.DISCARD));
    assertThat(state.ending().orElseThrow().outcome()).isEqualTo(Outcome.LOST);
    assertThat(effects).contains(new TargetEffect.Remove());
  }

  @Test
  void onlyAbortsWhenAPersonGivesUpAGuestThatNeverRanHere() {
    loaded();
    on(new TargetEvent.Resolved(TargetEvent.Decision.DISCARD));
    assertThat(state.ending().orElseThrow().outcome()).isEqualTo(Outcome.ABORTED);
    assertThat(state.ending().orElseThrow().problem().orElseThrow().remedy()).isNotEmpty();
    assertThat(effects).contains(new TargetEffect.Remove());
  }

  @Test
  void doesNotRunWhatIsLoadedBeforeTheCommit() {
    loaded();
    assertThat(effects).containsExactly(new TargetEffect.Journal());
    on(new TargetEvent.Abandoned());
    assertThat(state.stage()).isEqualTo(Stage.LOADED);
  }

  @Test
  void journalsThatItMayRunBeforeItRuns() {
    loaded();
    peer(new PeerMessage.Commit(true));
    assertThat(effects).containsExactly(new TargetEffect.Journal(), new TargetEffect.Run());
    assertThat(state.mayHaveRun()).isTrue();
  }

  @Test
  void leavesAPausedGuestPaused() {
    loaded();
    peer(new PeerMessage.Commit(false));
    assertThat(effects).doesNotContain(new TargetEffect.Run());
  }

  @Test
  void runsWhatArrivesAfterTheCommit() {
    receiving();
    peer(new PeerMessage.Commit(true));
    assertThat(effects).containsExactly(new TargetEffect.Journal());
    hypervisor(new HypervisorEvent.PostCopyActive(0));
    assertThat(effects).containsExactly(new TargetEffect.Journal(), new TargetEffect.Run());
  }

  @Test
  void removesTheArrivalBeforeItConfirmsTheAbort() {
    loaded();
    peer(new PeerMessage.Abort("cancelled"));
    assertThat(effects)
        .containsExactly(
            new TargetEffect.CloseChannels(),
            new TargetEffect.Remove(),
            new TargetEffect.DiscardDisks(),
            new TargetEffect.Journal(),
            send(new PeerMessage.Aborted()));
  }

  @Test
  void neverAbortsAGuestThatMayRun() {
    postCopyRunning();
    peer(new PeerMessage.Abort("confused"));
    assertThat(state.stage()).isEqualTo(Stage.RUNNING);
    assertThat(effects)
        .containsExactly(send(new PeerMessage.TargetStatus(TargetStage.RUNNING, true)));
  }

  @Test
  void attestsThatADiscardedArrivalNeverRanEvenIfAllHadArrived() {
    loaded();
    hypervisor(new HypervisorEvent.ProcessExited("killed", 0));
    on(new TargetEvent.Disconnected("cut"));
    on(new TargetEvent.Abandoned());
    assertThat(state.stage()).isEqualTo(Stage.ENDED);
    peer(new PeerMessage.Attach());
    assertThat(effects)
        .containsExactly(send(new PeerMessage.TargetStatus(TargetStage.GONE, false)));
  }

  @Test
  void givesUpAnArrivalOfASilentSource() {
    receiving();
    on(new TargetEvent.Abandoned());
    assertThat(state.stage()).isEqualTo(Stage.ENDED);
    assertThat(effects).contains(new TargetEffect.Remove());
  }

  @Test
  void makesRoomForARebuildEvenAfterItGaveUp() {
    receiving();
    on(new TargetEvent.Abandoned());
    peer(prepare(1));
    assertThat(state.stage()).isEqualTo(Stage.PREPARING);
    assertThat(state.generation()).isEqualTo(1);
    assertThat(effects).endsWith(new TargetEffect.Journal(), new TargetEffect.Launch());
  }

  @Test
  void neverReplacesAGuestThatMayHaveRun() {
    postCopyRunning();
    peer(prepare(1));
    assertThat(state.generation()).isZero();
    assertThat(effects).doesNotContain(new TargetEffect.Launch());
  }

  @Test
  void breaksItsOwnSideWhenTheSourceNoticedFirstAndThenListens() {
    postCopyRunning();
    peer(new PeerMessage.Listen(1));
    assertThat(effects).containsExactly(new TargetEffect.BreakTransfer());
    hypervisor(new HypervisorEvent.PostCopyPaused("cut", 0));
    assertThat(effects).contains(new TargetEffect.ListenFor(1));
  }

  @Test
  void tellsASourceThatWantsToRecoverThatEverythingIsHere() {
    postCopyRunning();
    hypervisor(new HypervisorEvent.TransferCompleted(0));
    peer(new PeerMessage.Listen(1));
    assertThat(effects).containsExactly(send(new PeerMessage.Received()));
  }

  @Test
  void tellsARestartedSourceThatThePausedGuestRanHere() {
    postCopyRunning();
    hypervisor(new HypervisorEvent.PostCopyPaused("cut", 0));
    peer(new PeerMessage.Commit(true));
    assertThat(effects)
        .contains(send(new PeerMessage.TargetStatus(TargetStage.POSTCOPY_PAUSED, true)));
  }

  @Test
  void adoptsTheGuestBeforeTheJournalSaysThatAllIsOver() {
    loaded();
    peer(new PeerMessage.Commit(true));
    peer(new PeerMessage.Finished());
    assertThat(effects)
        .containsExactly(
            new TargetEffect.CloseChannels(),
            new TargetEffect.Adopt(),
            new TargetEffect.Journal(),
            send(new PeerMessage.Received()));
  }

  private static final Problem NOT_FLUSHED = Problem.host("disk-not-flushed", "no", "");

  private void runningWithDisks() {
    state = TargetState.initial().withDisks();
    loaded();
    peer(new PeerMessage.Commit(true));
    assertThat(state.stage()).isEqualTo(Stage.RUNNING);
  }

  @Test
  void saysThatItHasEverythingOnceTheDisksAreOnStableStorage() {
    runningWithDisks();
    peer(new PeerMessage.Finished());
    assertThat(effects)
        .containsExactly(
            new TargetEffect.CloseChannels(),
            new TargetEffect.Adopt(),
            new TargetEffect.Journal(),
            new TargetEffect.SettleDisks());
    assertThat(state.stage()).isEqualTo(Stage.SETTLING);
    // Whatever happens meanwhile changes nothing, and nothing is said too early.
    peer(new PeerMessage.Finished());
    assertThat(effects).isEmpty();
    hypervisor(new HypervisorEvent.ProcessExited("killed", 0));
    assertThat(effects).isEmpty();
    peer(new PeerMessage.Attach());
    assertThat(effects)
        .containsExactly(send(new PeerMessage.TargetStatus(TargetStage.RECEIVED, true)));
    on(new TargetEvent.DisksSettled());
    assertThat(effects)
        .containsExactly(
            new TargetEffect.Journal(),
            send(new PeerMessage.DisksSettled()),
            send(new PeerMessage.Received()));
    assertThat(state.ending().map(Ending::outcome)).contains(Outcome.COMPLETED);
    // A source that did not hear it is told both again.
    peer(new PeerMessage.Finished());
    assertThat(effects)
        .containsExactly(send(new PeerMessage.DisksSettled()), send(new PeerMessage.Received()));
  }

  @Test
  void doesNotSayThatTheDisksAreSettledWhereTheyCannotBeFlushed() {
    runningWithDisks();
    peer(new PeerMessage.Finished());
    on(new TargetEvent.EffectFailed(new TargetEffect.SettleDisks(), NOT_FLUSHED));
    assertThat(effects)
        .containsExactly(new TargetEffect.Journal(), send(new PeerMessage.Received()));
    assertThat(state.ending().map(Ending::outcome)).contains(Outcome.COMPLETED);
    peer(new PeerMessage.Finished());
    assertThat(effects).containsExactly(send(new PeerMessage.Received()));
  }

  @Test
  void flushesTheDisksOfAGuestThatDiesOrPowersItselfOffAfterItCame() {
    for (boolean poweredOff : new boolean[] {true, false}) {
      runningWithDisks();
      hypervisor(
          poweredOff
              ? new HypervisorEvent.GuestPoweredOff(0)
              : new HypervisorEvent.ProcessExited("killed", 0));
      assertThat(effects)
          .containsExactly(
              new TargetEffect.CloseChannels(),
              new TargetEffect.Remove(),
              new TargetEffect.Journal(),
              new TargetEffect.SettleDisks());
      on(new TargetEvent.DisksSettled());
      assertThat(effects)
          .startsWith(new TargetEffect.Journal(), send(new PeerMessage.DisksSettled()))
          .hasSize(3);
      PeerMessage last =
          poweredOff
              ? new PeerMessage.PoweredOff()
              : new PeerMessage.Gone(
                  true, "The guest's QEMU ended here after the guest had run: killed");
      assertThat(effects).endsWith(send(last));
      peer(new PeerMessage.Attach());
      assertThat(effects)
          .containsExactly(
              send(new PeerMessage.DisksSettled()),
              send(poweredOff ? last : new PeerMessage.TargetStatus(TargetStage.GONE, true)));
    }
  }

  @Test
  void anAgentThatIsKilledWhileItFlushesEndsAsWasDecidedBefore() {
    runningWithDisks();
    hypervisor(new HypervisorEvent.GuestPoweredOff(0));
    on(new TargetEvent.AgentRestarted(TransferState.GONE));
    assertThat(effects)
        .containsExactly(
            new TargetEffect.Remove(), new TargetEffect.Journal(), new TargetEffect.SettleDisks());
    on(new TargetEvent.DisksSettled());
    assertThat(effects).endsWith(send(new PeerMessage.PoweredOff()));
    runningWithDisks();
    peer(new PeerMessage.Finished());
    on(new TargetEvent.AgentRestarted(TransferState.COMPLETED));
    assertThat(effects)
        .containsExactly(
            new TargetEffect.Adopt(), new TargetEffect.Journal(), new TargetEffect.SettleDisks());
    on(new TargetEvent.DisksSettled());
    assertThat(effects).endsWith(send(new PeerMessage.Received()));
  }

  @Test
  void flushesTheDisksOfAGuestThatARestartedAgentFindsDead() {
    runningWithDisks();
    on(new TargetEvent.AgentRestarted(TransferState.GONE));
    assertThat(effects).endsWith(new TargetEffect.SettleDisks());
  }

  @Test
  void waitsForItsHypervisorBeforeItSaysThatADeadSourceSentTooLittle() {
    postCopyRunning();
    peer(new PeerMessage.SourceLost("killed"));
    assertThat(effects).containsExactly(new TargetEffect.BreakTransfer());
    hypervisor(new HypervisorEvent.TransferCompleted(0));
    assertThat(state.ending().map(Ending::outcome)).contains(Outcome.COMPLETED);
    assertThat(effects).contains(send(new PeerMessage.Received()));
  }

  @Test
  void isLostWhenADeadSourceSentTooLittle() {
    postCopyRunning();
    peer(new PeerMessage.SourceLost("killed"));
    hypervisor(new HypervisorEvent.PostCopyPaused("cut", 0));
    assertThat(state.ending().map(Ending::outcome)).contains(Outcome.LOST);
    assertThat(effects).endsWith(send(new PeerMessage.Aborted()));
  }

  @Test
  void runsAfterARestartWhatItWasAllowedToRun() {
    loaded();
    peer(new PeerMessage.Commit(true));
    on(new TargetEvent.AgentRestarted(TransferState.COMPLETED));
    assertThat(effects).contains(new TargetEffect.Run());
  }

  @Test
  void refusesWhatItCannotLaunch() {
    Problem problem = Problem.host("no-memory", "out of memory", "");
    on(new TargetEvent.EffectFailed(new TargetEffect.Launch(), problem));
    assertThat(effects).endsWith(send(new PeerMessage.Refused(List.of(problem))));
    assertThat(state.stage()).isEqualTo(Stage.ENDED);
  }

  private static PeerMessage.Prepare prepare(int generation) {
    return new PeerMessage.Prepare(
        new GuestDefinition(
            new GuestName("g"),
            "00000000-0000-4000-8000-000000000001",
            ByteSize.ofMebibytes(64),
            1,
            "pc-i440fx-7.2",
            "qemu64",
            Optional.empty(),
            Optional.empty(),
            "",
            List.of(),
            Optional.empty(),
            Optional.empty()),
        MigrationOptions.defaults(),
        true,
        true,
        new Version(10, 0, 2),
        "tcg",
        List.of(),
        List.of(),
        generation,
        false);
  }
}
