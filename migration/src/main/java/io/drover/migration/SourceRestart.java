package io.drover.migration;

import io.drover.migration.SourceState.Stage;
import io.drover.model.Outcome;
import io.drover.model.Problem;
import java.util.ArrayList;
import java.util.List;

/**
 * What an agent that was killed and started again does about a migration in its journal. Its death
 * closed all channels, so before the switch the hypervisor has failed the transfer by itself or is
 * about to, and after it post-copy is paused.
 */
final class SourceRestart {
  private SourceRestart() {}

  static SourceStep step(SourceState state, TransferState transfer) {
    return switch (state.stage()) {
      case CONNECTING, PREPARING, MIRRORING, OPENING, COPYING -> beforeSwitch(state, transfer);
      case SWITCHING ->
          switch (transfer) {
            case POSTCOPY, POSTCOPY_PAUSED -> paused(state.withSwitched(), transfer);
            case NONE, ACTIVE, COMPLETED, FAILED, GONE -> beforeSwitch(state, transfer);
          };
      case COMMITTED -> connecting(SourceStep.of(sentBefore(state, transfer)));
      case FINISHING -> connecting(SourceStep.of(state));
      case POSTCOPY, PAUSED, RECOVERING, REBUILDING ->
          switch (transfer) {
            case COMPLETED -> {
              SourceState sent = state.withSelfPaused(false).withEverythingSent();
              yield connecting(
                  SourceStep.of(
                      sent.at(sent.runningThere() ? Stage.FINISHING : Stage.COMMITTED),
                      new SourceEffect.Journal()));
            }
            case POSTCOPY, POSTCOPY_PAUSED -> paused(state, transfer);
            case NONE, ACTIVE, FAILED, GONE ->
                connecting(
                    SourceAfterCommit.step(
                        state,
                        new SourceEvent.FromHypervisor(
                            new HypervisorEvent.ProcessExited("found dead", 0))));
          };
      case ABORTING -> connecting(aborting(state, transfer));
      // What ended here is settled here, whatever its hypervisor does by now; only a word is owed.
      case ENDED -> state.lastWordOwed() ? connecting(SourceStep.of(state)) : SourceStep.of(state);
    };
  }

  private static SourceStep aborting(SourceState state, TransferState transfer) {
    if (state.guestFree()) {
      return SourceStep.of(state.at(Stage.ENDED), new SourceEffect.Journal());
    }
    return switch (transfer) {
      case GONE -> SourceAbort.gone(state, Outcome.LOST);
      case ACTIVE -> SourceStep.of(state, new SourceEffect.CancelTransfer());
      case POSTCOPY, POSTCOPY_PAUSED, NONE, COMPLETED, FAILED ->
          state.wasRunning()
              ? SourceStep.of(state, new SourceEffect.ContinueGuest())
              : SourceStep.of(state.withGuestFree().at(Stage.ENDED), new SourceEffect.Journal());
    };
  }

  /** In post-copy the target may have everything while this side's hypervisor still waits. */
  private static SourceState sentBefore(SourceState state, TransferState transfer) {
    return state.withSelfPaused(
        transfer == TransferState.POSTCOPY || transfer == TransferState.POSTCOPY_PAUSED);
  }

  private static SourceStep beforeSwitch(SourceState state, TransferState transfer) {
    return switch (transfer) {
      // Sent, loaded and acknowledged, and then the agent died: the move goes on.
      case COMPLETED ->
          connecting(
              SourceStep.of(
                  state.withEverythingSent().at(Stage.COMMITTED), new SourceEffect.Journal()));
      case GONE -> connecting(SourceAbort.gone(state, Outcome.LOST));
      case NONE, ACTIVE, POSTCOPY, POSTCOPY_PAUSED, FAILED -> {
        SourceState settled = transfer == TransferState.ACTIVE ? state : state.withGuestFree();
        yield connecting(
            SourceAbort.begin(
                settled,
                Ending.of(
                    Outcome.ABORTED,
                    Problem.migration(
                        "agent-restarted",
                        "The source's agent was restarted while the guest moved",
                        "The guest runs on at the source; try again."))));
      }
    };
  }

  private static SourceStep paused(SourceState state, TransferState transfer) {
    SourceState next = state.withSelfPaused(transfer == TransferState.POSTCOPY_PAUSED);
    return connecting(SourceAfterCommit.pause(next));
  }

  private static SourceStep connecting(SourceStep step) {
    List<SourceEffect> effects = new ArrayList<>(step.effects());
    effects.add(new SourceEffect.Connect());
    return new SourceStep(step.state(), effects);
  }
}
