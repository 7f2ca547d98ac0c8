package io.drover.migration;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.migration.SourceState.Stage;
import io.drover.model.Outcome;
import io.drover.model.Problem;
import io.drover.model.Version;
import io.drover.wire.PeerMessage;
import io.drover.wire.PeerMessage.TargetStage;
import io.drover.wire.Ticket;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SourceMachineTest {
  private static final PeerMessage.Listening LISTENING =
      new PeerMessage.Listening(0, List.of(), Optional.empty(), PeerMessage.ContentUse.NONE);

  private SourceState state =
      SourceState.initial(SourceState.GuestBefore.RUNNING, SourceState.StartWith.LIVE_GUEST);
  private List<SourceEffect> effects = List.of();

  private void on(SourceEvent event) {
    SourceStep step = SourceMachine.step(state, event);
    state = step.state();
    effects = step.effects();
  }

  private void peer(PeerMessage message) {
    on(new SourceEvent.FromPeer(message));
  }

  private void hypervisor(HypervisorEvent event) {
    on(new SourceEvent.FromHypervisor(event));
  }

  private void status(TargetStage stage, boolean mayHaveRun) {
    peer(new PeerMessage.TargetStatus(stage, mayHaveRun));
  }

  private void copying() {
    on(new SourceEvent.Connected());
    peer(new PeerMessage.Prepared(new Version(10, 0, 2), true, List.of(), List.of(), List.of()));
    peer(LISTENING);
    assertThat(state.stage()).isEqualTo(Stage.COPYING);
  }

  private void committed() {
    copying();
    hypervisor(new HypervisorEvent.TransferCompleted(0));
    assertThat(state.stage()).isEqualTo(Stage.COMMITTED);
  }

  private void postCopy() {
    copying();
    on(new SourceEvent.SwitchWanted());
    hypervisor(new HypervisorEvent.PostCopyActive(0));
    assertThat(state.stage()).isEqualTo(Stage.POSTCOPY);
  }

  private void paused() {
    postCopy();
    hypervisor(new HypervisorEvent.PostCopyPaused("cut", 0));
    assertThat(state.stage()).isEqualTo(Stage.PAUSED);
  }

  private Optional<Outcome> outcome() {
    return state.ending().map(Ending::outcome);
  }

  @Test
  void journalsTheCommitBeforeItSendsIt() {
    committed();
    assertThat(effects)
        .containsExactly(
            new SourceEffect.Journal(), new SourceEffect.Send(new PeerMessage.Commit(true)));
  }

  @Test
  void takesTheGuestBackWhenATransferCompletesWithoutAControlConnection() {
    copying();
    on(new SourceEvent.Disconnected("cut"));
    hypervisor(new HypervisorEvent.TransferCompleted(0));
    assertThat(state.stage()).isEqualTo(Stage.ABORTING);
    // The abort is durable before the guest runs: a restarted agent must not commit after it.
    assertThat(effects).startsWith(new SourceEffect.Journal(), new SourceEffect.ContinueGuest());
    assertThat(state.guestFree()).isFalse();
    on(new SourceEvent.GuestContinued());
    assertThat(state.stage()).isEqualTo(Stage.ENDED);
    assertThat(state.lastWordOwed()).isTrue();
  }

  @Test
  void continuesTheGuestOfAnAbortThatAKilledAgentLeftUnfinished() {
    copying();
    on(new SourceEvent.Disconnected("cut"));
    hypervisor(new HypervisorEvent.TransferCompleted(0));
    on(new SourceEvent.AgentRestarted(TransferState.COMPLETED));
    assertThat(effects).contains(new SourceEffect.ContinueGuest());
    assertThat(effects)
        .noneMatch(
            e ->
                e instanceof SourceEffect.Send(PeerMessage message)
                    && message instanceof PeerMessage.Commit);
  }

  @Test
  void neverContinuesAGuestWhoseMigrationEndedElsewhere() {
    committed();
    peer(new PeerMessage.Running());
    peer(new PeerMessage.Received());
    assertThat(outcome()).contains(Outcome.COMPLETED);
    on(new SourceEvent.AgentRestarted(TransferState.COMPLETED));
    assertThat(effects).isEmpty();
  }

  @Test
  void removesTheGuestBeforeTheJournalSaysThatAllIsOver() {
    committed();
    peer(new PeerMessage.Running());
    peer(new PeerMessage.Received());
    assertThat(effects)
        .containsSubsequence(new SourceEffect.RemoveGuest(), new SourceEffect.Journal());
  }

  @Test
  void asksATargetThatHasEverythingToLetGoBeforeItEnds() {
    committed();
    peer(new PeerMessage.Running());
    on(new SourceEvent.Disconnected("cut"));
    on(new SourceEvent.Connected());
    status(TargetStage.RECEIVED, true);
    assertThat(state.stage()).isEqualTo(Stage.FINISHING);
    assertThat(effects).containsExactly(new SourceEffect.Send(new PeerMessage.Finished()));
  }

  @Test
  void doesNotTakeWhatNeverRanForRunning() {
    committed();
    status(TargetStage.RECEIVED, false);
    assertThat(state.runningThere()).isFalse();
    assertThat(effects).isEmpty();
  }

  @Test
  void takesTheGuestBackOnlyIfTheTargetAttestsThatItNeverRan() {
    committed();
    peer(new PeerMessage.Gone(false, "killed"));
    assertThat(effects).startsWith(new SourceEffect.ContinueGuest(), new SourceEffect.Journal());
    assertThat(outcome()).contains(Outcome.ABORTED);
  }

  @Test
  void neverResumesAGuestThatMayHaveRunAtTheTarget() {
    committed();
    peer(new PeerMessage.Gone(true, "killed"));
    assertThat(effects).doesNotContain(new SourceEffect.ContinueGuest());
    assertThat(outcome()).contains(Outcome.LOST);
  }

  @Test
  void waitsForAPersonWhenTheTargetKnowsNothingAfterTheCommit() {
    committed();
    status(TargetStage.UNKNOWN, false);
    assertThat(state.stage()).isEqualTo(Stage.COMMITTED);
    on(new SourceEvent.Resolved(SourceEvent.Decision.TARGET_HAS_IT));
    assertThat(outcome()).contains(Outcome.COMPLETED);
  }

  @Test
  void refusesACancelThatComesTooLate() {
    committed();
    on(new SourceEvent.CancelRequested());
    assertThat(effects).containsExactly(new SourceEffect.RefuseCancel());
    peer(new PeerMessage.Running());
    peer(new PeerMessage.Received());
    on(new SourceEvent.CancelRequested());
    assertThat(effects).containsExactly(new SourceEffect.RefuseCancel());
  }

  @Test
  void cancelsACopyAndTellsTheTarget() {
    copying();
    on(new SourceEvent.CancelRequested());
    assertThat(effects)
        .startsWith(new SourceEffect.Journal(), new SourceEffect.CancelTransfer())
        .anyMatch(
            e ->
                e instanceof SourceEffect.Send(PeerMessage message)
                    && message instanceof PeerMessage.Abort);
    hypervisor(new HypervisorEvent.TransferCancelled(0));
    on(new SourceEvent.GuestContinued());
    peer(new PeerMessage.Aborted());
    assertThat(state.settled()).isTrue();
    assertThat(outcome()).contains(Outcome.CANCELLED);
  }

  @Test
  void letsTheHypervisorSayWhetherTheSwitchHappenedWhenTheTargetIsLost() {
    copying();
    on(new SourceEvent.SwitchWanted());
    status(TargetStage.GONE, false);
    assertThat(state.stage()).isEqualTo(Stage.SWITCHING);
    assertThat(effects).containsExactly(new SourceEffect.BreakTransfer());
  }

  @Test
  void owesNothingToATargetThatWasNeverReached() {
    on(new SourceEvent.Stalled("nothing moves"));
    assertThat(state.settled()).isTrue();
  }

  @Test
  void owesTheLastWordHoweverOftenTheTargetCannotBeReached() {
    copying();
    on(new SourceEvent.Disconnected("killed"));
    on(new SourceEvent.Stalled("nothing moves"));
    hypervisor(new HypervisorEvent.TransferCancelled(0));
    on(new SourceEvent.GuestContinued());
    on(new SourceEvent.Unreachable(Problem.peer("unreachable", "no answer", "")));
    assertThat(outcome()).contains(Outcome.ABORTED);
    assertThat(state.settled()).isFalse();
    on(new SourceEvent.Connected());
    assertThat(effects)
        .anyMatch(
            e ->
                e instanceof SourceEffect.Send(PeerMessage message)
                    && message instanceof PeerMessage.Abort);
    peer(new PeerMessage.Aborted());
    assertThat(state.settled()).isTrue();
  }

  @Test
  void tellsTheTargetWhatAPersonDecidedWhileItWasCutOff() {
    paused();
    on(new SourceEvent.Disconnected("cut"));
    on(new SourceEvent.Resolved(SourceEvent.Decision.TAKE_BACK));
    assertThat(outcome()).contains(Outcome.LOST);
    on(new SourceEvent.Unreachable(Problem.peer("unreachable", "no answer", "")));
    on(new SourceEvent.Connected());
    assertThat(effects)
        .anyMatch(
            e ->
                e instanceof SourceEffect.Send(PeerMessage message)
                    && message instanceof PeerMessage.SourceLost);
    peer(new PeerMessage.Aborted());
    assertThat(state.settled()).isTrue();
  }

  @Test
  void recoversOnlyOnceItsOwnHypervisorHasNoticedTheBreak() {
    postCopy();
    peer(new PeerMessage.Paused("cut"));
    status(TargetStage.POSTCOPY_PAUSED, true);
    assertThat(state.stage()).isEqualTo(Stage.PAUSED);
    hypervisor(new HypervisorEvent.PostCopyPaused("cut", 0));
    assertThat(effects).containsExactly(new SourceEffect.Send(new PeerMessage.Attach()));
    status(TargetStage.POSTCOPY_PAUSED, true);
    assertThat(effects).contains(new SourceEffect.Send(new PeerMessage.Listen(1)));
  }

  @Test
  void rebuildsATargetThatDiedBeforeTheGuestRan() {
    paused();
    status(TargetStage.GONE, false);
    assertThat(state.stage()).isEqualTo(Stage.REBUILDING);
    assertThat(effects)
        .containsExactly(new SourceEffect.Journal(), new SourceEffect.SendPrepare(1));
  }

  @Test
  void rebuildsAgainWhenTheLinkBrokeDuringARebuild() {
    paused();
    status(TargetStage.GONE, false);
    on(new SourceEvent.Disconnected("cut"));
    on(new SourceEvent.Connected());
    status(TargetStage.RECEIVING, false);
    assertThat(effects).contains(new SourceEffect.SendPrepare(2));
  }

  @Test
  void triesAReplayAgainThatTheLinkBroke() {
    paused();
    status(TargetStage.GONE, false);
    peer(LISTENING);
    on(
        new SourceEvent.EffectFailed(
            new SourceEffect.Replay(LISTENING), Problem.peer("broken", "cut", "")));
    assertThat(state.stage()).isEqualTo(Stage.PAUSED);
    assertThat(outcome()).isEmpty();
  }

  @Test
  void tellsALossWhenTheSwitchCannotBeReplayed() {
    paused();
    status(TargetStage.GONE, false);
    peer(LISTENING);
    on(
        new SourceEvent.EffectFailed(
            new SourceEffect.Replay(LISTENING), Problem.host("nothing-kept", "no bytes", "")));
    assertThat(outcome()).contains(Outcome.LOST);
  }

  @Test
  void asksTheTargetBeforeItTellsALossWhenItsHypervisorDies() {
    postCopy();
    hypervisor(new HypervisorEvent.ProcessExited("killed", 0));
    assertThat(outcome()).isEmpty();
    assertThat(effects)
        .anyMatch(
            e ->
                e instanceof SourceEffect.Send(PeerMessage message)
                    && message instanceof PeerMessage.SourceLost);
    peer(new PeerMessage.Received());
    assertThat(outcome()).contains(Outcome.COMPLETED);
  }

  @Test
  void givesTheGuestToATargetThatHasItWholeWhenTheSourceDiesBeforeTheCommit() {
    copying();
    hypervisor(new HypervisorEvent.ProcessExited("killed", 0));
    status(TargetStage.LOADED, false);
    assertThat(effects).startsWith(new SourceEffect.Send(new PeerMessage.Commit(true)));
    peer(new PeerMessage.Received());
    assertThat(outcome()).contains(Outcome.COMPLETED);
  }

  @Test
  void tellsALossWhenTheTargetHadTooLittle() {
    copying();
    hypervisor(new HypervisorEvent.ProcessExited("killed", 0));
    peer(new PeerMessage.Aborted());
    assertThat(outcome()).contains(Outcome.LOST);
    assertThat(state.settled()).isTrue();
  }

  @Test
  void tellsNoLossWhenTheTargetHasLostItsJournal() {
    postCopy();
    hypervisor(new HypervisorEvent.ProcessExited("killed", 0));
    status(TargetStage.UNKNOWN, false);
    assertThat(outcome()).isEmpty();
    on(new SourceEvent.Resolved(SourceEvent.Decision.TARGET_HAS_IT));
    assertThat(outcome()).contains(Outcome.COMPLETED);
  }

  // ---- disks ----

  private static final PeerMessage.DisksOpen DISKS_OPEN =
      new PeerMessage.DisksOpen(1, List.of(new Ticket(1, 2)), PeerMessage.ContentUse.NONE);

  private void mirroring() {
    on(new SourceEvent.Connected());
    peer(new PeerMessage.Prepared(new Version(10, 0, 2), true, List.of(0), List.of(), List.of()));
    peer(DISKS_OPEN);
    assertThat(state.stage()).isEqualTo(Stage.MIRRORING);
  }

  private void copyingWithDisks() {
    mirroring();
    hypervisor(new HypervisorEvent.DisksReady(0));
    peer(LISTENING);
    assertThat(state.stage()).isEqualTo(Stage.COPYING);
  }

  @Test
  void asksForTheMemorysChannelsOnlyWhenTheDisksAreCopied() {
    mirroring();
    assertThat(effects).containsExactly(new SourceEffect.ConnectDisks(DISKS_OPEN));
    hypervisor(new HypervisorEvent.DisksReady(0));
    assertThat(effects).containsExactly(new SourceEffect.Send(new PeerMessage.Listen(0)));
  }

  @Test
  void letsTheHypervisorFinishOnlyWhenTheDisksAreWhole() {
    copyingWithDisks();
    hypervisor(new HypervisorEvent.SwitchPaused(0));
    assertThat(effects).containsExactly(new SourceEffect.CompleteDisks());
    hypervisor(new HypervisorEvent.DisksWhole(0));
    // Durable first: a restarted agent that finds the transfer completed has to know.
    assertThat(effects)
        .containsExactly(new SourceEffect.Journal(), new SourceEffect.ContinueSwitch());
  }

  @Test
  void neverCommitsATransferThatEndedWithoutItsDisks() {
    copyingWithDisks();
    hypervisor(new HypervisorEvent.TransferCompleted(0));
    assertThat(state.stage()).isEqualTo(Stage.ABORTING);
    assertThat(effects)
        .startsWith(
            new SourceEffect.Journal(),
            new SourceEffect.CancelDisks(),
            new SourceEffect.ContinueGuest());
  }

  @Test
  void connectsDisksAgainOnceTheTargetIsBack() {
    mirroring();
    on(new SourceEvent.Disconnected("cut"));
    on(new SourceEvent.DisksCut("cut"));
    assertThat(effects).containsExactly(new SourceEffect.RetryLater());
    on(new SourceEvent.RetryDue());
    assertThat(effects).isEmpty();
    on(new SourceEvent.Connected());
    status(TargetStage.RECEIVING, false);
    assertThat(effects).containsExactly(new SourceEffect.Send(new PeerMessage.OpenDisks(2)));
    peer(DISKS_OPEN);
    assertThat(effects).as("an answer of the attempt before").isEmpty();
    assertThat(state.stage()).isEqualTo(Stage.MIRRORING);
  }

  @Test
  void takesAGuestBackFromASwitchThatIsBrokenBeforeTheDisksAreWhole() {
    copyingWithDisks();
    on(new SourceEvent.SwitchWanted());
    on(new SourceEvent.Stalled("nothing moves"));
    // The disks first: a hypervisor that waits for them cannot even be cancelled.
    assertThat(effects)
        .containsSubsequence(new SourceEffect.CancelDisks(), new SourceEffect.CancelTransfer());
    hypervisor(new HypervisorEvent.TransferCancelled(0));
    assertThat(effects).contains(new SourceEffect.ContinueGuest());
  }

  @Test
  void leavesItToTheHypervisorHowFarASwitchCameOnceTheDisksAreWhole() {
    copyingWithDisks();
    on(new SourceEvent.SwitchWanted());
    hypervisor(new HypervisorEvent.SwitchPaused(0));
    hypervisor(new HypervisorEvent.DisksWhole(0));
    on(new SourceEvent.Stalled("nothing moves"));
    assertThat(effects).containsExactly(new SourceEffect.BreakTransfer());
  }

  @Test
  void removesItsDisksOnlyWhenTheTargetSaysThatItHasEverything() {
    copyingWithDisks();
    hypervisor(new HypervisorEvent.SwitchPaused(0));
    hypervisor(new HypervisorEvent.DisksWhole(0));
    hypervisor(new HypervisorEvent.TransferCompleted(0));
    peer(new PeerMessage.Running());
    peer(new PeerMessage.Received());
    assertThat(effects)
        .containsExactly(
            new SourceEffect.CloseChannels(),
            new SourceEffect.RemoveGuest(),
            new SourceEffect.ReleaseDisks(List.of(0)),
            new SourceEffect.Journal());
  }

  @Test
  void keepsItsDisksWhereOnlyAPersonSaysThatTheTargetHasThem() {
    copyingWithDisks();
    hypervisor(new HypervisorEvent.SwitchPaused(0));
    hypervisor(new HypervisorEvent.DisksWhole(0));
    hypervisor(new HypervisorEvent.TransferCompleted(0));
    on(new SourceEvent.Resolved(SourceEvent.Decision.TARGET_HAS_IT));
    assertThat(effects).contains(new SourceEffect.RemoveGuest());
    assertThat(effects).doesNotContain(new SourceEffect.ReleaseDisks(List.of(0)));
  }
}
