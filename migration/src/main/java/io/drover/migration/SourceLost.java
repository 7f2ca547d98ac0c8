package io.drover.migration;

import io.drover.migration.SourceState.Stage;
import io.drover.model.Outcome;
import io.drover.model.Problem;
import io.drover.wire.PeerMessage;

/**
 * The source's hypervisor died before it knew that everything had crossed. It can never run the
 * guest again, so the guest is the target's, if the target happens to have it whole; only the
 * target knows, and until it has said so nothing is told to anybody. This is stage FINISHING
 * without {@link SourceState#everythingSent}.
 */
final class SourceLost {
  private static final String REASON = "The source's QEMU ended before all memory had crossed";

  private SourceLost() {}

  static SourceStep ask(SourceState state) {
    return SourceStep.of(
        state.withGuestFree().at(Stage.FINISHING),
        new SourceEffect.Journal(),
        new SourceEffect.Send(new PeerMessage.SourceLost(REASON)));
  }

  static SourceStep step(SourceState state, SourceEvent event) {
    return switch (event) {
      case SourceEvent.Connected() ->
          SourceStep.of(state, new SourceEffect.Send(new PeerMessage.SourceLost(REASON)));
      case SourceEvent.FromPeer(PeerMessage message) -> peer(state, message);
      case SourceEvent.CancelRequested() -> SourceStep.of(state, new SourceEffect.RefuseCancel());
      case SourceEvent.Resolved(SourceEvent.Decision decision) ->
          switch (decision) {
            case TARGET_HAS_IT -> SourceAfterCommit.completed(state, Ending.of(Outcome.COMPLETED));
            case TAKE_BACK -> lost(state);
          };
      case SourceEvent.FromHypervisor _,
          SourceEvent.Disconnected _,
          SourceEvent.Unreachable _,
          SourceEvent.SwitchWanted _,
          SourceEvent.Stalled _,
          SourceEvent.ChannelsBroken _,
          SourceEvent.DisksCut _,
          SourceEvent.RetryDue _,
          SourceEvent.GuestContinued _,
          SourceEvent.EffectFailed _,
          SourceEvent.AgentRestarted _ ->
          SourceStep.of(state);
    };
  }

  private static SourceStep peer(SourceState state, PeerMessage message) {
    return switch (message) {
      case PeerMessage.Received() ->
          SourceAfterCommit.handedOver(state, Ending.of(Outcome.COMPLETED));
      case PeerMessage.PoweredOff() ->
          SourceAfterCommit.handedOver(state, Ending.of(Outcome.POWERED_OFF));
      case PeerMessage.Aborted() -> lost(state);
      // It has the guest whole and waits for leave to run it; then it is asked again.
      case PeerMessage.TargetStatus status when status.stage() == PeerMessage.TargetStage.LOADED ->
          SourceStep.of(
              state,
              new SourceEffect.Send(new PeerMessage.Commit(state.wasRunning())),
              new SourceEffect.Send(new PeerMessage.SourceLost(REASON)));
      // It died before it could answer, and is asked again for the last word.
      case PeerMessage.Gone _ ->
          SourceStep.of(state, new SourceEffect.Send(new PeerMessage.SourceLost(REASON)));
      case PeerMessage.Prepare _,
          PeerMessage.Listen _,
          PeerMessage.OpenDisks _,
          PeerMessage.DisksOpen _,
          PeerMessage.DisksSettled _,
          PeerMessage.Commit _,
          PeerMessage.Abort _,
          PeerMessage.Finished _,
          PeerMessage.SourceLost _,
          PeerMessage.Attach _,
          PeerMessage.Heartbeat _,
          PeerMessage.Prepared _,
          PeerMessage.Refused _,
          PeerMessage.Listening _,
          PeerMessage.Running _,
          PeerMessage.Paused _,
          PeerMessage.TargetStatus _,
          PeerMessage.Continuity _,
          PeerMessage.HeartbeatReply _ ->
          SourceStep.of(state);
    };
  }

  private static SourceStep lost(SourceState state) {
    return SourceAfterCommit.completed(
        state,
        Ending.of(
            Outcome.LOST,
            Problem.migration(
                "source-died",
                REASON,
                "The guest's memory is incomplete at the target and lost; start it afresh.")));
  }
}
