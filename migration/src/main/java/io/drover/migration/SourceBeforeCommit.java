package io.drover.migration;

import io.drover.migration.SourceState.Stage;
import io.drover.model.Outcome;
import io.drover.model.Problem;
import io.drover.wire.PeerMessage;
import java.util.ArrayList;
import java.util.List;

/** The source while the guest is still its own: every failure here leaves it running here. */
final class SourceBeforeCommit {
  private SourceBeforeCommit() {}

  static SourceStep step(SourceState state, SourceEvent event) {
    return switch (state.stage()) {
      case CONNECTING -> connecting(state, event);
      case PREPARING -> preparing(state, event);
      case MIRRORING -> SourceMirror.mirroring(state, event);
      case OPENING -> opening(state, event);
      case COPYING -> copying(state, event);
      case SWITCHING -> switching(state, event);
      case COMMITTED, POSTCOPY, PAUSED, RECOVERING, REBUILDING, FINISHING, ABORTING, ENDED ->
          throw new IllegalStateException("past the commit: " + state);
    };
  }

  /** Nothing has been asked of the target yet, so it need not hear of an end. */
  private static SourceStep connecting(SourceState state, SourceEvent event) {
    return switch (event) {
      case SourceEvent.Connected() ->
          SourceStep.of(
              state.at(Stage.PREPARING), new SourceEffect.SendPrepare(state.generation()));
      case SourceEvent.Unreachable(Problem problem) ->
          SourceAbort.end(state, Ending.of(Outcome.REFUSED, problem));
      case SourceEvent.CancelRequested() -> SourceAbort.end(state, Ending.of(Outcome.CANCELLED));
      case SourceEvent.EffectFailed(SourceEffect _, Problem problem) ->
          SourceAbort.end(state, Ending.of(Outcome.ABORTED, problem));
      case SourceEvent.Stalled(String reason) ->
          SourceAbort.end(
              state,
              Ending.of(
                  Outcome.ABORTED,
                  Problem.migration(
                      "stalled", reason, "The guest runs on at the source; try again.")));
      default -> common(state, event);
    };
  }

  private static SourceStep preparing(SourceState state, SourceEvent event) {
    return switch (event) {
      case SourceEvent.FromPeer(PeerMessage.Prepared prepared) ->
          prepared.disks().isEmpty()
              ? open(state, new SourceEffect.Configure())
              : SourceMirror.begin(state, prepared.disks());
      case SourceEvent.FromPeer(PeerMessage.Refused refused) ->
          SourceAbort.end(state, refusal(refused));
      default -> common(state, event);
    };
  }

  /** Asks for the memory's channels. */
  static SourceStep open(SourceState state, SourceEffect... before) {
    List<SourceEffect> effects = new ArrayList<>(List.of(before));
    effects.add(new SourceEffect.Send(new PeerMessage.Listen(state.attempt())));
    return new SourceStep(state.at(Stage.OPENING), effects);
  }

  private static Ending refusal(PeerMessage.Refused refused) {
    return refused.problems().isEmpty()
        ? Ending.of(
            Outcome.REFUSED,
            Problem.peer("refused", "The target refused the guest without a reason", ""))
        : Ending.of(Outcome.REFUSED, refused.problems().getFirst());
  }

  private static SourceStep opening(SourceState state, SourceEvent event) {
    return switch (event) {
      case SourceEvent.FromPeer(PeerMessage.Listening listening)
          when listening.attempt() == state.attempt() -> {
        SourceEffect start = new SourceEffect.StartTransfer(listening);
        yield state.cold()
            ? SourceStep.of(
                state.at(Stage.COPYING),
                new SourceEffect.Journal(),
                new SourceEffect.StopGuest(),
                start)
            : SourceStep.of(state.at(Stage.COPYING), new SourceEffect.Journal(), start);
      }
      default -> common(state, event);
    };
  }

  private static SourceStep copying(SourceState state, SourceEvent event) {
    return switch (event) {
      case SourceEvent.SwitchWanted() ->
          SourceStep.of(
              state.at(Stage.SWITCHING),
              new SourceEffect.Journal(),
              new SourceEffect.SwitchToPostCopy());
      // Without a control connection the target could not be told to run: the guest is better off
      // here, at once, than stopped until the link is back.
      case SourceEvent.FromHypervisor(HypervisorEvent.TransferCompleted _) ->
          SourceMirror.spoiled(state)
              ? SourceMirror.completedWithout(state)
              : state.connected()
                  ? SourceMachine.commit(state.withEverythingSent(), Stage.COMMITTED)
                  : aborted(
                      state.withGuestFree(),
                      "connection-lost",
                      "The connection to the target was lost at the switch");
      case SourceEvent.FromHypervisor(HypervisorEvent.PostCopyActive _),
          SourceEvent.FromHypervisor(HypervisorEvent.PostCopyPaused _) ->
          throw new IllegalStateException("post-copy began unasked");
      default -> common(state, event);
    };
  }

  /** Post-copy was asked for; whether the device state leaves is the hypervisor's to say. */
  private static SourceStep switching(SourceState state, SourceEvent event) {
    return switch (event) {
      case SourceEvent.FromHypervisor(HypervisorEvent.PostCopyActive _) ->
          SourceMachine.commit(state.withSwitched(), Stage.POSTCOPY);
      case SourceEvent.FromHypervisor(HypervisorEvent.PostCopyPaused _) ->
          // The break came with the switch: the target hears of the commit once it is found again.
          SourceAfterCommit.pause(state);
      case SourceEvent.FromHypervisor(HypervisorEvent.TransferCompleted _) ->
          SourceMirror.spoiled(state)
              ? SourceMirror.completedWithout(state)
              : SourceMachine.commit(state.withEverythingSent(), Stage.COMMITTED);
      case SourceEvent.CancelRequested() -> SourceStep.of(state, new SourceEffect.RefuseCancel());
      // Only the hypervisor knows whether the device state left. Breaking its connections makes it
      // say so: failed (the guest is still here) or paused (it is not).
      case SourceEvent.Stalled _,
          SourceEvent.ChannelsBroken _,
          SourceEvent.Disconnected _,
          SourceEvent.FromPeer(PeerMessage.Gone _),
          SourceEvent.FromPeer(PeerMessage.Refused _) ->
          SourceMirror.breakOff(state);
      case SourceEvent.FromHypervisor(HypervisorEvent.DisksFailed _) ->
          SourceMirror.breakOff(state);
      case SourceEvent.FromPeer(PeerMessage.TargetStatus status) ->
          switch (status.stage()) {
            case UNKNOWN, GONE -> SourceMirror.breakOff(state);
            case RECEIVING, LOADED, RUNNING, POSTCOPY_PAUSED, RECEIVED -> common(state, event);
          };
      // A hypervisor whose connections cannot even be broken is dead, and that is heard of.
      case SourceEvent.EffectFailed(SourceEffect effect, Problem _) ->
          effect instanceof SourceEffect.BreakTransfer || effect instanceof SourceEffect.CancelDisks
              ? SourceStep.of(state)
              : SourceMirror.breakOff(state);
      default -> common(state, event);
    };
  }

  /** What means the same in every step before the commit. */
  static SourceStep common(SourceState state, SourceEvent event) {
    return switch (event) {
      case SourceEvent.CancelRequested() -> SourceAbort.begin(state, Ending.of(Outcome.CANCELLED));
      case SourceEvent.Stalled(String reason) -> aborted(state, "stalled", reason);
      // A broken control connection alone harms nothing: the driver replaces it while the copy runs
      // on. Before the copy there is nothing to lose by giving up.
      case SourceEvent.Disconnected(String reason) ->
          state.stage() == Stage.COPYING || state.stage() == Stage.MIRRORING
              ? SourceStep.of(state)
              : aborted(state, "connection-lost", "The connection to the target broke: " + reason);
      case SourceEvent.Connected() ->
          SourceStep.of(state, new SourceEffect.Send(new PeerMessage.Attach()));
      case SourceEvent.ChannelsBroken(String reason) ->
          aborted(state, "connection-lost", "A channel to the target broke: " + reason);
      case SourceEvent.EffectFailed(SourceEffect _, Problem problem) ->
          SourceAbort.begin(state, Ending.of(Outcome.ABORTED, problem));
      case SourceEvent.FromPeer(PeerMessage.Gone gone) ->
          aborted(
              state.withLastWordOwed(false),
              "target-gone",
              "QEMU ended at the target: " + gone.reason());
      case SourceEvent.FromPeer(PeerMessage.Refused refused) ->
          SourceAbort.begin(state, refusal(refused));
      case SourceEvent.FromPeer(PeerMessage.TargetStatus status) ->
          switch (status.stage()) {
            case UNKNOWN, GONE ->
                aborted(state, "target-gone", "The target lost the migration while it was cut off");
            case RECEIVING, LOADED, RUNNING, POSTCOPY_PAUSED, RECEIVED ->
                SourceMirror.reconnect(state);
          };
      case SourceEvent.DisksCut _ -> SourceMirror.cut(state);
      case SourceEvent.RetryDue _ -> SourceMirror.reconnect(state);
      case SourceEvent.FromPeer(PeerMessage.DisksOpen open) -> SourceMirror.opened(state, open);
      case SourceEvent.FromHypervisor(HypervisorEvent fromHypervisor) ->
          hypervisor(state, fromHypervisor);
      case SourceEvent.FromPeer _,
          SourceEvent.Unreachable _,
          SourceEvent.SwitchWanted _,
          SourceEvent.GuestContinued _,
          SourceEvent.Resolved _,
          SourceEvent.AgentRestarted _ ->
          SourceStep.of(state);
    };
  }

  private static SourceStep hypervisor(SourceState state, HypervisorEvent event) {
    return switch (event) {
      case HypervisorEvent.TransferFailed failed ->
          SourceAbort.begin(
              state.withGuestFree(),
              Ending.of(
                  Outcome.ABORTED,
                  Problem.migration(
                      "transfer-failed",
                      "QEMU gave the transfer up: " + failed.reason(),
                      "The guest runs on at the source; see the target's log, then try again.")));
      case HypervisorEvent.TransferCancelled _ ->
          SourceAbort.begin(
              state.withGuestFree(),
              Ending.of(
                  Outcome.ABORTED,
                  Problem.migration(
                      "transfer-cancelled",
                      "Somebody cancelled the transfer behind Drover's back",
                      "The guest runs on at the source.")));
      case HypervisorEvent.SwitchPaused _ -> SourceMirror.atTheSwitch(state);
      case HypervisorEvent.DisksWhole _ -> SourceMirror.whole(state);
      case HypervisorEvent.DisksFailed(String reason, long _) ->
          aborted(state, "disks-failed", "The disks could not be mirrored: " + reason);
      case HypervisorEvent.GuestPoweredOff _ -> SourceAbort.gone(state, Outcome.POWERED_OFF);
      case HypervisorEvent.ProcessExited _ -> SourceAbort.gone(state, Outcome.LOST);
      case HypervisorEvent.TransferActive _,
          HypervisorEvent.DisksReady _,
          HypervisorEvent.PassStarted _,
          HypervisorEvent.GuestStopped _,
          HypervisorEvent.GuestResumed _,
          HypervisorEvent.PostCopyActive _,
          HypervisorEvent.PostCopyPaused _,
          HypervisorEvent.PostCopyRecovered _,
          HypervisorEvent.TransferCompleted _ ->
          SourceStep.of(state);
    };
  }

  static SourceStep aborted(SourceState state, String code, String reason) {
    return SourceAbort.begin(
        state,
        Ending.of(
            Outcome.ABORTED,
            Problem.migration(code, reason, "The guest runs on at the source; try again.")));
  }
}
