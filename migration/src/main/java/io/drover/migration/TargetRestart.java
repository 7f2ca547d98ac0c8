package io.drover.migration;

import io.drover.migration.TargetState.Stage;
import io.drover.model.Outcome;
import java.util.Optional;

/** What a target's agent that was killed and started again does about an arrival in its journal. */
final class TargetRestart {
  private TargetRestart() {}

  static TargetStep step(TargetState found, TransferState transfer) {
    TargetState state = found.withPendingListen(Optional.empty());
    return switch (state.stage()) {
      case GONE, ENDED -> TargetStep.of(state);
      case SETTLING -> settle(state);
      case PREPARING, READY, RECEIVING, LOADED, RUNNING, PAUSED -> arriving(state, transfer);
    };
  }

  /** What was decided stands, whatever has become of the guest since. */
  private static TargetStep settle(TargetState state) {
    return state.ending().map(ending -> ending.outcome() == Outcome.COMPLETED).orElse(false)
        ? TargetMachine.end(state, new TargetEffect.Adopt())
        : TargetMachine.end(state, new TargetEffect.Remove());
  }

  private static TargetStep arriving(TargetState state, TransferState transfer) {
    return switch (transfer) {
      case GONE -> TargetMachine.gone(state, "its process was found dead");
      case FAILED ->
          state.received()
              ? TargetStep.of(state)
              : TargetMachine.gone(state, "the arrival was found failed");
      case NONE, ACTIVE ->
          // The channels died with the agent, so nothing more can arrive.
          state.mayHaveRun()
              ? TargetStep.of(state)
              : TargetMachine.gone(state, "the agent was restarted while it arrived");
      case COMPLETED -> {
        TargetState received = state.withReceived();
        yield switch (state.stage()) {
          case PREPARING, READY, RECEIVING, LOADED, PAUSED -> loaded(received);
          case RUNNING -> runAgain(received);
          case GONE, SETTLING, ENDED -> TargetStep.of(state);
        };
      }
      case POSTCOPY, POSTCOPY_PAUSED ->
          TargetStep.of(
              state.withSwitched().at(Stage.PAUSED),
              new TargetEffect.Journal(),
              new TargetEffect.BreakTransfer());
    };
  }

  private static TargetStep loaded(TargetState state) {
    TargetState next = state.at(Stage.LOADED);
    return state.committed()
        ? TargetMachine.run(next)
        : TargetStep.of(next, new TargetEffect.Journal());
  }

  /** Killed between the journal and the command, the guest may be allowed to run and not know. */
  private static TargetStep runAgain(TargetState state) {
    return state.runWanted() && !state.finishedThere()
        ? TargetStep.of(state, new TargetEffect.Journal(), new TargetEffect.Run())
        : TargetStep.of(state, new TargetEffect.Journal());
  }
}
