package io.drover.migration;

import io.drover.migration.SourceState.Stage;
import io.drover.model.Outcome;
import io.drover.model.Problem;
import io.drover.wire.PeerMessage;
import io.drover.wire.PeerMessage.TargetStage;
import java.util.ArrayList;
import java.util.List;

/** The source once the guest belongs to the target: it serves, reconnects, and lets go. */
final class SourceAfterCommit {
  private SourceAfterCommit() {}

  static SourceStep step(SourceState state, SourceEvent event) {
    return switch (state.stage()) {
      case COMMITTED -> committed(state, event);
      case POSTCOPY -> postCopy(state, event);
      case PAUSED -> paused(state, event);
      case RECOVERING -> recovering(state, event);
      case REBUILDING -> rebuilding(state, event);
      case FINISHING -> finishing(state, event);
      case CONNECTING, PREPARING, MIRRORING, OPENING, COPYING, SWITCHING, ABORTING, ENDED ->
          throw new IllegalStateException("not past the commit: " + state);
    };
  }

  /** Everything was sent; the target has it loaded and is told to run it. */
  private static SourceStep committed(SourceState state, SourceEvent event) {
    return switch (event) {
      case SourceEvent.FromPeer(PeerMessage.Gone gone) when !gone.mayHaveRun() -> neverRan(state);
      case SourceEvent.FromPeer(PeerMessage.TargetStatus status) ->
          switch (status.stage()) {
            case RECEIVING, LOADED -> SourceMachine.commit(state, state.stage());
            case GONE -> status.mayHaveRun() ? lost(state) : neverRan(state);
            // A target that does not know a guest that it had loaded has lost its journal: only a
            // person can tell whether the guest runs there.
            case UNKNOWN -> SourceStep.of(state);
            case RUNNING, RECEIVED, POSTCOPY_PAUSED ->
                status.mayHaveRun() ? runsThere(state) : SourceStep.of(state);
          };
      case SourceEvent.Resolved(SourceEvent.Decision decision) ->
          switch (decision) {
            case TARGET_HAS_IT -> completed(state, Ending.of(Outcome.COMPLETED));
            case TAKE_BACK -> takeBack(state);
          };
      // The transfer is over: what happens to this side's hypervisor no longer matters.
      case SourceEvent.FromHypervisor _, SourceEvent.ChannelsBroken _ -> SourceStep.of(state);
      default -> common(state, event);
    };
  }

  /** The target attests that what it had is gone and never ran. */
  private static SourceStep neverRan(SourceState state) {
    // A hypervisor here that still waits in post-copy cannot go on by itself, but can send again.
    return state.selfPaused() ? rebuild(state.withNothingThere()) : takeBack(state);
  }

  private static SourceStep postCopy(SourceState state, SourceEvent event) {
    return switch (event) {
      case SourceEvent.FromPeer(PeerMessage.Gone gone) when gone.mayHaveRun() -> lost(state);
      case SourceEvent.FromPeer(PeerMessage.Paused _),
          SourceEvent.FromPeer(PeerMessage.Gone _),
          SourceEvent.ChannelsBroken _,
          SourceEvent.Disconnected _,
          SourceEvent.Stalled _ ->
          pause(state);
      case SourceEvent.FromHypervisor(HypervisorEvent.PostCopyPaused _) -> pause(state);
      case SourceEvent.FromPeer(PeerMessage.TargetStatus status)
          when status.stage() == TargetStage.LOADED || status.stage() == TargetStage.RECEIVING ->
          SourceMachine.commit(state, state.stage());
      default -> common(state, event);
    };
  }

  /** Post-copy has lost its channels. Both hypervisors must notice before it can be recovered. */
  static SourceStep pause(SourceState state) {
    SourceState next = state.at(Stage.PAUSED);
    return state.connected() && state.selfPaused()
        ? SourceStep.of(
            next,
            new SourceEffect.Journal(),
            new SourceEffect.BreakTransfer(),
            new SourceEffect.Send(new PeerMessage.Attach()))
        : SourceStep.of(next, new SourceEffect.Journal(), new SourceEffect.BreakTransfer());
  }

  private static SourceStep paused(SourceState state, SourceEvent event) {
    return switch (event) {
      case SourceEvent.Connected(),
          SourceEvent.RetryDue(),
          SourceEvent.FromHypervisor(HypervisorEvent.PostCopyPaused _) ->
          state.connected() && state.selfPaused()
              ? SourceStep.of(state, new SourceEffect.Send(new PeerMessage.Attach()))
              : SourceStep.of(state);
      case SourceEvent.FromPeer(PeerMessage.Gone gone) when !gone.mayHaveRun() ->
          state.selfPaused() ? rebuild(state) : SourceStep.of(state);
      case SourceEvent.FromPeer(PeerMessage.TargetStatus status) ->
          !state.selfPaused()
              ? SourceStep.of(state)
              : switch (status.stage()) {
                // A rebuilt target that is not loaded has to be fed, and the attempt that did so is
                // over.
                case RECEIVING -> state.generation() > 0 ? rebuild(state) : recover(state);
                case LOADED, RUNNING, POSTCOPY_PAUSED -> recover(state);
                case RECEIVED -> wholeThere(state);
                case GONE -> status.mayHaveRun() ? lost(state) : rebuild(state);
                case UNKNOWN -> SourceStep.of(state);
              };
      case SourceEvent.FromPeer(PeerMessage.Paused _),
          SourceEvent.ChannelsBroken _,
          SourceEvent.Stalled _ ->
          SourceStep.of(state);
      default -> common(state, event);
    };
  }

  private static SourceStep recover(SourceState state) {
    SourceState next = state.nextAttempt().at(Stage.RECOVERING);
    return SourceStep.of(
        next,
        new SourceEffect.Journal(),
        new SourceEffect.Send(new PeerMessage.Listen(next.attempt())));
  }

  private static SourceStep recovering(SourceState state, SourceEvent event) {
    return switch (event) {
      case SourceEvent.FromPeer(PeerMessage.Listening listening)
          when listening.attempt() == state.attempt() ->
          SourceStep.of(state, new SourceEffect.ResumeTransfer(listening));
      case SourceEvent.FromHypervisor(HypervisorEvent.PostCopyRecovered _) -> {
        SourceState next = state.withSelfPaused(false).at(Stage.POSTCOPY);
        // A target that was cut off before the commit reached it has been waiting for it.
        yield next.runningThere()
            ? SourceStep.of(next, new SourceEffect.Journal())
            : SourceMachine.commit(next, Stage.POSTCOPY);
      }
      case SourceEvent.FromHypervisor(HypervisorEvent.PostCopyPaused _),
          SourceEvent.EffectFailed(SourceEffect.ResumeTransfer _, Problem _),
          SourceEvent.FromPeer(PeerMessage.Paused _),
          SourceEvent.FromPeer(PeerMessage.Refused _),
          SourceEvent.Disconnected _,
          SourceEvent.ChannelsBroken _,
          SourceEvent.Stalled _ ->
          againLater(state);
      case SourceEvent.FromPeer(PeerMessage.Gone gone) when !gone.mayHaveRun() -> againLater(state);
      default -> common(state, event);
    };
  }

  /** The target's hypervisor died before the guest ran: another is fed what the relay kept. */
  private static SourceStep rebuilding(SourceState state, SourceEvent event) {
    return switch (event) {
      case SourceEvent.FromPeer(PeerMessage.Prepared _) ->
          SourceStep.of(state, new SourceEffect.Send(new PeerMessage.Listen(state.attempt())));
      case SourceEvent.FromPeer(PeerMessage.Listening listening)
          when listening.attempt() == state.attempt() ->
          SourceStep.of(state, new SourceEffect.Replay(listening));
      case SourceEvent.FromPeer(PeerMessage.Paused _) -> recover(state);
      case SourceEvent.FromPeer(PeerMessage.Gone gone) when !gone.mayHaveRun() -> againLater(state);
      case SourceEvent.FromPeer(PeerMessage.Refused _),
          SourceEvent.Disconnected _,
          SourceEvent.Stalled _ ->
          againLater(state);
      case SourceEvent.EffectFailed(SourceEffect.Replay _, Problem problem)
          when problem.kind() == Problem.Kind.PEER ->
          againLater(state);
      case SourceEvent.EffectFailed(SourceEffect.Replay _, Problem problem) ->
          lost(
              state,
              Problem.migration(
                  "no-replay",
                  "The target died before the guest ran, and the switch cannot be replayed: "
                      + problem.message(),
                  "The guest's memory is lost; start it afresh."));
      case SourceEvent.ChannelsBroken _ -> SourceStep.of(state);
      default -> common(state, event);
    };
  }

  private static SourceStep finishing(SourceState state, SourceEvent event) {
    if (!state.everythingSent()) {
      return SourceLost.step(state, event);
    }
    return switch (event) {
      case SourceEvent.FromPeer(PeerMessage.Received _) ->
          handedOver(state, Ending.of(Outcome.COMPLETED));
      case SourceEvent.FromPeer(PeerMessage.TargetStatus status) ->
          switch (status.stage()) {
            // Also a target that has everything lets go of the migration only when told to.
            case RECEIVED, RUNNING, LOADED, RECEIVING, POSTCOPY_PAUSED ->
                SourceStep.of(state, new SourceEffect.Send(new PeerMessage.Finished()));
            case GONE -> diedAfterwards(state);
            case UNKNOWN -> SourceStep.of(state);
          };
      case SourceEvent.FromPeer(PeerMessage.Gone _) -> diedAfterwards(state);
      case SourceEvent.Resolved _ -> completed(state, Ending.of(Outcome.COMPLETED));
      case SourceEvent.FromHypervisor _, SourceEvent.ChannelsBroken _ -> SourceStep.of(state);
      default -> common(state, event);
    };
  }

  /** What means the same in every step after the commit. */
  private static SourceStep common(SourceState state, SourceEvent event) {
    return switch (event) {
      case SourceEvent.FromPeer(PeerMessage.Running()) -> runsThere(state);
      case SourceEvent.FromPeer(PeerMessage.Received()) -> wholeThere(state);
      case SourceEvent.FromPeer(PeerMessage.Gone _) -> lost(state);
      case SourceEvent.FromPeer(PeerMessage.PoweredOff()) ->
          handedOver(state, Ending.of(Outcome.POWERED_OFF));
      case SourceEvent.FromPeer(PeerMessage.TargetStatus status) ->
          switch (status.stage()) {
            case RUNNING, RECEIVED, POSTCOPY_PAUSED ->
                status.mayHaveRun() ? runsThere(state) : SourceStep.of(state);
            case GONE -> status.mayHaveRun() ? lost(state) : SourceStep.of(state);
            case UNKNOWN, RECEIVING, LOADED -> SourceStep.of(state);
          };
      case SourceEvent.FromHypervisor(HypervisorEvent.TransferCompleted _) -> sent(state);
      case SourceEvent.FromHypervisor(HypervisorEvent.ProcessExited _),
          SourceEvent.FromHypervisor(HypervisorEvent.GuestPoweredOff _),
          SourceEvent.FromHypervisor(HypervisorEvent.TransferFailed _) ->
          state.everythingSent() ? SourceStep.of(state) : SourceLost.ask(state);
      case SourceEvent.Connected() ->
          SourceStep.of(state, new SourceEffect.Send(new PeerMessage.Attach()));
      case SourceEvent.CancelRequested() -> SourceStep.of(state, new SourceEffect.RefuseCancel());
      case SourceEvent.Resolved _ ->
          lost(
              state,
              Problem.migration(
                  "given-up",
                  "A person gave the interrupted migration up",
                  "The guest's memory is split between the hosts and lost; start it afresh."));
      case SourceEvent.FromPeer _,
          SourceEvent.FromHypervisor _,
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

  private static SourceStep runsThere(SourceState state) {
    return finishIfDone(state.withRunningThere());
  }

  /** All is sent. If the target is not known to run the guest, that is all that is left to do. */
  private static SourceStep sent(SourceState state) {
    SourceState sent = state.withSelfPaused(false).withEverythingSent();
    return sent.runningThere()
        ? finishIfDone(sent)
        // Said again, since a source that was restarted may never have heard the answer.
        : SourceMachine.commit(sent, Stage.COMMITTED);
  }

  /** The target has everything, and the acknowledgement to this side's hypervisor was lost. */
  private static SourceStep wholeThere(SourceState state) {
    SourceState sent = state.withEverythingSent();
    return sent.runningThere() ? finishIfDone(sent) : SourceMachine.commit(sent, Stage.COMMITTED);
  }

  private static SourceStep finishIfDone(SourceState state) {
    if (!state.runningThere() || !state.everythingSent() || state.stage() == Stage.FINISHING) {
      return SourceStep.of(state);
    }
    return SourceStep.of(
        state.at(Stage.FINISHING),
        new SourceEffect.Journal(),
        new SourceEffect.Send(new PeerMessage.Finished()));
  }

  private static SourceStep againLater(SourceState state) {
    return SourceStep.of(
        state.at(Stage.PAUSED),
        new SourceEffect.Journal(),
        new SourceEffect.BreakTransfer(),
        new SourceEffect.RetryLater());
  }

  private static SourceStep rebuild(SourceState state) {
    SourceState next = state.nextGeneration().at(Stage.REBUILDING);
    return SourceStep.of(
        next, new SourceEffect.Journal(), new SourceEffect.SendPrepare(next.generation()));
  }

  /** Legal because the target attests (or a person does) that the guest never ran there. */
  private static SourceStep takeBack(SourceState state) {
    Ending ending =
        Ending.of(
            Outcome.ABORTED,
            Problem.migration(
                "target-gone",
                "The target lost the guest before it ran there",
                "The guest runs on at the source; try again."));
    SourceState next =
        state.withEnding(ending).withGuestFree().withLastWordOwed(true).at(Stage.ENDED);
    // The guest first: killed in between, the agent finds the migration as it was, asks the target
    // again and gets the same answer.
    List<SourceEffect> effects = new ArrayList<>();
    if (state.wasRunning()) {
      effects.add(new SourceEffect.ContinueGuest());
    }
    effects.add(new SourceEffect.Journal());
    effects.add(new SourceEffect.CloseChannels());
    if (state.connected()) {
      effects.add(new SourceEffect.Send(SourceAbort.lastWord(next)));
    }
    return new SourceStep(next, effects);
  }

  /**
   * The journal comes last: killed before it, the agent asks the target again and ends the same
   * way; killed after it, nothing is left to do.
   */
  static SourceStep completed(SourceState state, Ending ending) {
    return SourceStep.of(
        state.withEnding(ending).withLastWordOwed(false).at(Stage.ENDED),
        new SourceEffect.CloseChannels(),
        new SourceEffect.RemoveGuest(),
        new SourceEffect.Journal());
  }

  /**
   * The target has said that it has, or had, everything. If it has said as well that its disks are
   * safe, nobody needs what is here of those that moved; else a power cut there would leave no
   * other. They go after the hypervisor that has them open, and before the journal as above.
   */
  static SourceStep handedOver(SourceState state, Ending ending) {
    SourceStep step = completed(state, ending);
    if (state.copies() != SourceState.Copies.WHOLE) {
      return step;
    }
    List<SourceEffect> effects = new ArrayList<>(step.effects());
    effects.add(
        effects.size() - 1,
        state.settledThere()
            ? new SourceEffect.ReleaseDisks(state.disks())
            : new SourceEffect.PutDisksAside(state.disks()));
    return new SourceStep(step.state(), effects);
  }

  private static SourceStep diedAfterwards(SourceState state) {
    return handedOver(
        state,
        Ending.of(
            Outcome.COMPLETED,
            Problem.migration(
                "died-afterwards",
                "The guest moved, and its QEMU ended at the target right afterwards",
                "Look at the target's log of the guest, then start it again.")));
  }

  private static SourceStep lost(SourceState state) {
    return lost(
        state,
        Problem.migration(
            "target-died",
            "The guest's QEMU ended at the target after the guest had run there",
            "The guest's memory is lost; start it afresh."));
  }

  private static SourceStep lost(SourceState state, Problem problem) {
    SourceState next =
        state
            .withEnding(Ending.of(Outcome.LOST, problem))
            .withSwitched()
            .withLastWordOwed(true)
            .at(Stage.ENDED);
    List<SourceEffect> effects = new ArrayList<>();
    effects.add(new SourceEffect.CloseChannels());
    effects.add(new SourceEffect.RemoveGuest());
    effects.add(new SourceEffect.Journal());
    if (next.connected()) {
      effects.add(new SourceEffect.Send(SourceAbort.lastWord(next)));
    }
    return new SourceStep(next, effects);
  }
}
