package io.drover.migration;

import io.drover.migration.TargetState.Stage;
import io.drover.model.Outcome;
import io.drover.wire.PeerMessage;
import java.util.Optional;

/** What a living target makes of its hypervisor's news. */
final class TargetHypervisorEvents {
  private TargetHypervisorEvents() {}

  static TargetStep step(TargetState state, HypervisorEvent event) {
    return switch (event) {
      case HypervisorEvent.TransferCompleted _ -> completed(state);
      case HypervisorEvent.PostCopyActive _ ->
          state.stage() == Stage.RECEIVING ? loaded(state.withSwitched()) : TargetStep.of(state);
      case HypervisorEvent.PostCopyPaused(String reason, long _) -> paused(state, reason);
      case HypervisorEvent.PostCopyRecovered _ -> recovered(state);
      case HypervisorEvent.GuestResumed _ ->
          state.mayHaveRun()
              ? TargetStep.of(
                  state,
                  new TargetEffect.Send(new PeerMessage.Running()),
                  new TargetEffect.Announce())
              : TargetStep.of(state);
      case HypervisorEvent.GuestPoweredOff _ ->
          TargetMachine.end(
              state.withEnding(Ending.of(Outcome.POWERED_OFF)),
              new TargetEffect.CloseChannels(),
              new TargetEffect.Remove());
      case HypervisorEvent.ProcessExited(String reason, long _) ->
          TargetMachine.gone(state, reason);
      case HypervisorEvent.TransferFailed(String reason, boolean _, long _) ->
          // What can be recovered pauses; what fails with memory missing is dead, told to run or
          // not.
          state.received() ? TargetStep.of(state) : TargetMachine.gone(state, reason);
      case HypervisorEvent.TransferActive _,
          HypervisorEvent.PassStarted _,
          HypervisorEvent.GuestStopped _,
          HypervisorEvent.SwitchPaused _,
          HypervisorEvent.DisksReady _,
          HypervisorEvent.DisksWhole _,
          HypervisorEvent.DisksFailed _,
          HypervisorEvent.TransferCancelled _ ->
          TargetStep.of(state);
    };
  }

  private static TargetStep completed(TargetState state) {
    TargetState received = state.withReceived();
    return switch (state.stage()) {
      case RECEIVING -> loaded(received);
      // A source that died asks what is here, and is told now.
      case LOADED, PAUSED ->
          state.finishedThere()
              ? TargetStep.of(
                  received,
                  new TargetEffect.Journal(),
                  new TargetEffect.Send(TargetMachine.status(received)))
              : TargetStep.of(received, new TargetEffect.Journal());
      case RUNNING -> {
        TargetStep concluded = TargetMachine.conclude(received);
        yield concluded.effects().isEmpty()
            ? TargetStep.of(received, new TargetEffect.Journal())
            : concluded;
      }
      case PREPARING, READY, GONE, SETTLING, ENDED -> TargetStep.of(state);
    };
  }

  private static TargetStep loaded(TargetState state) {
    TargetState next = state.at(Stage.LOADED);
    return state.committed()
        ? TargetMachine.run(next)
        : TargetStep.of(next, new TargetEffect.Journal());
  }

  private static TargetStep paused(TargetState state, String reason) {
    if (state.finishedThere() && !state.received()) {
      return TargetMachine.incomplete(state, reason);
    }
    TargetState next = state.withPendingListen(Optional.empty()).at(Stage.PAUSED);
    // A source that already asked for the next attempt gets it; any other is told to.
    return state
        .pendingListen()
        .map(
            attempt ->
                TargetStep.of(
                    next, new TargetEffect.Journal(), new TargetEffect.ListenFor(attempt)))
        .orElseGet(
            () ->
                TargetStep.of(
                    next,
                    new TargetEffect.Journal(),
                    new TargetEffect.CloseChannels(),
                    new TargetEffect.Send(new PeerMessage.Paused(reason))));
  }

  private static TargetStep recovered(TargetState state) {
    if (state.stage() != Stage.PAUSED) {
      return TargetStep.of(state);
    }
    // Also a guest that was allowed to run before: killed between the journal and the command, this
    // agent never gave it. A guest that runs already takes no harm.
    return state.mayHaveRun() ? TargetMachine.run(state) : loaded(state);
  }
}
