package io.drover.migration;

import io.drover.migration.SourceState.Stage;
import io.drover.model.Outcome;
import io.drover.model.Problem;
import io.drover.wire.PeerMessage;
import java.util.ArrayList;
import java.util.List;

/**
 * The way out: the guest gets its old life back at the source, and the target hears of it, however
 * long that takes. A target that is cut off may hold the loaded guest and wait for that word, so it
 * stays owed (also over restarts of this agent) until the target has confirmed it.
 */
final class SourceAbort {
  private SourceAbort() {}

  /** Ends without any trace to remove at the target. */
  static SourceStep end(SourceState state, Ending ending) {
    return SourceStep.of(
        state.withEnding(ending).withGuestFree().withLastWordOwed(false).at(Stage.ENDED),
        new SourceEffect.Journal(),
        new SourceEffect.CloseChannels());
  }

  /** Takes the guest back; possible in every step before the commit. */
  static SourceStep begin(SourceState state, Ending ending) {
    boolean copying = state.stage() == Stage.COPYING || state.stage() == Stage.SWITCHING;
    SourceState next = state.withEnding(ending).withLastWordOwed(true).at(Stage.ABORTING);
    List<SourceEffect> effects = new ArrayList<>();
    effects.add(new SourceEffect.Journal());
    if (SourceMirror.follows(next)) {
      next = next.withCopies(SourceState.Copies.DROPPED);
      effects.add(new SourceEffect.CancelDisks());
    }
    if (!copying) {
      next = next.withGuestFree();
    } else if (!state.guestFree()) {
      effects.add(new SourceEffect.CancelTransfer());
    } else if (state.wasRunning()) {
      // Free only once it is known to run: killed in between, the agent must find it still owed.
      next = next.withGuestNotFree();
      effects.add(new SourceEffect.ContinueGuest());
    }
    if (next.lastWordOwed() && next.connected()) {
      effects.add(new SourceEffect.Send(lastWord(next)));
    }
    return settle(next, effects);
  }

  /** The guest itself is no more on this host, and never will be again. */
  static SourceStep gone(SourceState state, Outcome outcome) {
    boolean mayBeWholeThere = state.stage() == Stage.COPYING || state.stage() == Stage.SWITCHING;
    if (outcome == Outcome.LOST && mayBeWholeThere) {
      return SourceLost.ask(state);
    }
    Ending ending =
        outcome == Outcome.LOST
            ? Ending.of(
                outcome,
                Problem.migration(
                    "source-died",
                    "The guest's QEMU ended at the source while it moved",
                    "Start the guest again; the log of its QEMU may say why it ended."))
            : Ending.of(outcome);
    SourceState next =
        state.withEnding(ending).withGuestFree().withLastWordOwed(true).at(Stage.ABORTING);
    List<SourceEffect> effects = new ArrayList<>();
    // Removed first: killed in between, the agent finds the hypervisor gone and decides the same.
    effects.add(new SourceEffect.RemoveGuest());
    effects.add(new SourceEffect.Journal());
    if (next.connected()) {
      effects.add(new SourceEffect.Send(lastWord(next)));
    }
    return settle(next, effects);
  }

  static SourceStep step(SourceState state, SourceEvent event) {
    return switch (event) {
      case SourceEvent.FromHypervisor(HypervisorEvent hypervisorEvent)
          when state.stage() == Stage.ABORTING ->
          hypervisor(state, hypervisorEvent);
      // What a target says once nothing of this migration is open there any more.
      case SourceEvent.FromPeer(PeerMessage.Aborted _),
          SourceEvent.FromPeer(PeerMessage.Received _),
          SourceEvent.FromPeer(PeerMessage.PoweredOff _) ->
          settle(state.withLastWordOwed(false), new ArrayList<>());
      case SourceEvent.FromPeer(PeerMessage.TargetStatus status) -> answered(state, status);
      case SourceEvent.Connected() ->
          state.lastWordOwed()
              ? SourceStep.of(state, new SourceEffect.Send(lastWord(state)))
              : SourceStep.of(state);
      case SourceEvent.Disconnected _ -> settle(state, new ArrayList<>());
      // A person who decides once more lets the target go unheard.
      case SourceEvent.Resolved _ -> settle(state.withLastWordOwed(false), new ArrayList<>());
      case SourceEvent.GuestContinued() ->
          state.stage() == Stage.ABORTING && !state.guestFree()
              ? settle(state.withGuestFree(), new ArrayList<>())
              : SourceStep.of(state);
      case SourceEvent.EffectFailed(SourceEffect.CancelTransfer _, Problem _) ->
          state.guestFree()
              ? SourceStep.of(state)
              : SourceStep.of(state, new SourceEffect.BreakTransfer());
      case SourceEvent.EffectFailed(SourceEffect.ContinueGuest _, Problem problem) ->
          settle(
              state
                  .withGuestFree()
                  .withEnding(
                      Ending.of(
                          state.ending().map(Ending::outcome).orElse(Outcome.ABORTED),
                          Problem.migration(
                              "left-paused",
                              "The guest stands still at the source: " + problem.message(),
                              "Nothing else holds it: 'drover guest resume' lets it run."))),
              new ArrayList<>());
      // Where the guest stays here anyway the wish is granted; elsewhere it comes too late.
      case SourceEvent.CancelRequested _ ->
          state.ending().map(SourceAbort::guestStays).orElse(true)
              ? SourceStep.of(state)
              : SourceStep.of(state, new SourceEffect.RefuseCancel());
      case SourceEvent.FromPeer _,
          SourceEvent.FromHypervisor _,
          SourceEvent.Unreachable _,
          SourceEvent.SwitchWanted _,
          SourceEvent.Stalled _,
          SourceEvent.ChannelsBroken _,
          SourceEvent.DisksCut _,
          SourceEvent.RetryDue _,
          SourceEvent.EffectFailed _,
          SourceEvent.AgentRestarted _ ->
          SourceStep.of(state);
    };
  }

  /** A target that cannot do as it is told says how it stands. */
  private static SourceStep answered(SourceState state, PeerMessage.TargetStatus status) {
    return switch (status.stage()) {
      case UNKNOWN -> settle(state.withLastWordOwed(false), new ArrayList<>());
      // It has the guest whole, and given up or not: it is the target's since the commit.
      case LOADED ->
          state.switched() && state.lastWordOwed()
              ? SourceStep.of(
                  state,
                  new SourceEffect.Send(new PeerMessage.Commit(state.wasRunning())),
                  new SourceEffect.Send(lastWord(state)))
              : SourceStep.of(state);
      // It was told to take back what runs there: only a person can have wanted that, and has heard
      // of the danger.
      case RUNNING, RECEIVED, POSTCOPY_PAUSED, GONE, RECEIVING ->
          status.mayHaveRun() && !state.switched()
              ? settle(state.withLastWordOwed(false), new ArrayList<>())
              : SourceStep.of(state);
    };
  }

  private static SourceStep hypervisor(SourceState state, HypervisorEvent event) {
    if (state.guestFree()) {
      return SourceStep.of(state);
    }
    return switch (event) {
      // A transfer that completed in the very moment of the cancel changes nothing: the target was
      // never told to run, and now never will be.
      case HypervisorEvent.TransferCancelled _,
          HypervisorEvent.TransferFailed _,
          HypervisorEvent.TransferCompleted _ -> {
        yield state.wasRunning()
            ? SourceStep.of(state, new SourceEffect.ContinueGuest())
            : settle(state.withGuestFree(), new ArrayList<>());
      }
      case HypervisorEvent.GuestPoweredOff _ -> gone(state, Outcome.POWERED_OFF);
      case HypervisorEvent.ProcessExited _ -> gone(state, Outcome.LOST);
      case HypervisorEvent.TransferActive _,
          HypervisorEvent.SwitchPaused _,
          HypervisorEvent.DisksReady _,
          HypervisorEvent.DisksWhole _,
          HypervisorEvent.DisksFailed _,
          HypervisorEvent.PassStarted _,
          HypervisorEvent.GuestStopped _,
          HypervisorEvent.GuestResumed _,
          HypervisorEvent.PostCopyActive _,
          HypervisorEvent.PostCopyPaused _,
          HypervisorEvent.PostCopyRecovered _ ->
          SourceStep.of(state);
    };
  }

  private static boolean guestStays(Ending ending) {
    return switch (ending.outcome()) {
      case ABORTED, CANCELLED, REFUSED -> true;
      case COMPLETED, POWERED_OFF, LOST -> false;
    };
  }

  /** Ends once the guest is free and nobody is left to talk to; an owed word outlives the end. */
  private static SourceStep settle(SourceState state, List<SourceEffect> effects) {
    boolean over = state.guestFree() && (!state.lastWordOwed() || !state.connected());
    SourceState next = over ? state.at(Stage.ENDED) : state;
    if (!next.equals(state) || !next.lastWordOwed()) {
      effects.add(new SourceEffect.Journal());
    }
    if (over) {
      effects.add(new SourceEffect.CloseChannels());
    }
    return new SourceStep(next, effects);
  }

  static PeerMessage lastWord(SourceState state) {
    String reason =
        state
            .ending()
            .flatMap(Ending::problem)
            .map(Problem::message)
            .or(() -> state.ending().map(ending -> ending.outcome().word()))
            .orElse("aborted");
    return state.switched() ? new PeerMessage.SourceLost(reason) : new PeerMessage.Abort(reason);
  }
}
