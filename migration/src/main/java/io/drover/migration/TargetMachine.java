package io.drover.migration;

import io.drover.migration.TargetState.Stage;
import io.drover.model.Outcome;
import io.drover.model.Problem;
import io.drover.wire.PeerMessage;
import io.drover.wire.PeerMessage.TargetStage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The target of a migration as a pure function; {@link TargetDriver} acts. See {@link
 * SourceMachine} for the protocol between the two. A target gives up by itself only while it has
 * nothing that could be the guest; once loaded it waits for the source's word. The last that it
 * says of a guest that ran here comes after its disks were put on stable storage, or could not be:
 * the source's images go by it.
 */
public final class TargetMachine {
  private TargetMachine() {}

  public static TargetStep start(TargetState initial) {
    return TargetStep.of(initial, new TargetEffect.Journal(), new TargetEffect.Launch());
  }

  public static TargetStep step(TargetState state, TargetEvent event) {
    return switch (event) {
      case TargetEvent.Connected() -> TargetStep.of(state.withConnected(true));
      case TargetEvent.Disconnected(String _) -> TargetStep.of(state.withConnected(false));
      case TargetEvent.FromPeer(PeerMessage message) -> peer(state, message);
      case TargetEvent.FromHypervisor(HypervisorEvent fromHypervisor) ->
          state.isDecided() || state.stage() == Stage.GONE
              ? TargetStep.of(state)
              : TargetHypervisorEvents.step(state, fromHypervisor);
      case TargetEvent.Launched() ->
          state.stage() == Stage.PREPARING
              ? TargetStep.of(state.at(Stage.READY), new TargetEffect.SendPrepared())
              : TargetStep.of(state);
      case TargetEvent.Listening(PeerMessage.Listening listening) ->
          state.stage() == Stage.RECEIVING || state.stage() == Stage.PAUSED
              ? TargetStep.of(state, new TargetEffect.Send(listening))
              : TargetStep.of(state);
      case TargetEvent.DisksSettled() ->
          state.stage() == Stage.SETTLING ? endNow(state.withDisksSettled()) : TargetStep.of(state);
      // The hypervisor notices by itself, and says what it makes of it.
      case TargetEvent.ChannelsBroken(String _) -> TargetStep.of(state);
      case TargetEvent.Abandoned() -> abandoned(state);
      case TargetEvent.EffectFailed(TargetEffect effect, Problem problem) ->
          failed(state, effect, problem);
      case TargetEvent.AgentRestarted(TransferState transfer) ->
          TargetRestart.step(state.withConnected(false), transfer);
      case TargetEvent.Resolved(TargetEvent.Decision decision) -> resolved(state, decision);
    };
  }

  private static TargetStep peer(TargetState state, PeerMessage message) {
    return switch (message) {
      case PeerMessage.Attach() -> tell(state, status(state));
      case PeerMessage.Listen(int attempt) -> listen(state, attempt);
      case PeerMessage.OpenDisks(int attempt) -> openDisks(state, attempt);
      case PeerMessage.Commit(boolean run) -> commit(state, run);
      case PeerMessage.Abort(String reason) -> abort(state, reason);
      case PeerMessage.SourceLost(String reason) -> sourceLost(state, reason);
      case PeerMessage.Finished() -> conclude(state.withFinishedThere());
      // Whatever is left of a hypervisor that never ran makes room for the one the source can feed.
      case PeerMessage.Prepare prepare ->
          prepare.generation() > state.generation() && !state.mayHaveRun()
              ? TargetStep.of(
                  state.nextGeneration(prepare.generation()),
                  new TargetEffect.CloseChannels(),
                  new TargetEffect.Remove(),
                  new TargetEffect.Journal(),
                  new TargetEffect.Launch())
              : tell(state, status(state));
      case PeerMessage.Heartbeat _,
          PeerMessage.Continuity _,
          PeerMessage.Prepared _,
          PeerMessage.Refused _,
          PeerMessage.Listening _,
          PeerMessage.DisksOpen _,
          PeerMessage.Running _,
          PeerMessage.Received _,
          PeerMessage.DisksSettled _,
          PeerMessage.Paused _,
          PeerMessage.Gone _,
          PeerMessage.Aborted _,
          PeerMessage.PoweredOff _,
          PeerMessage.TargetStatus _,
          PeerMessage.HeartbeatReply _ ->
          TargetStep.of(state);
    };
  }

  /** Once the disks are settled the source has to know before it hears anything else. */
  private static TargetStep tell(TargetState state, PeerMessage message) {
    TargetEffect said = new TargetEffect.Send(message);
    return state.disksSettled()
        ? TargetStep.of(state, new TargetEffect.Send(new PeerMessage.DisksSettled()), said)
        : TargetStep.of(state, said);
  }

  static PeerMessage status(TargetState state) {
    if (ended(state, Outcome.POWERED_OFF)) {
      return new PeerMessage.PoweredOff();
    }
    TargetStage stage =
        switch (state.stage()) {
          case PREPARING, READY, RECEIVING -> TargetStage.RECEIVING;
          case LOADED -> TargetStage.LOADED;
          case RUNNING, SETTLING -> state.received() ? TargetStage.RECEIVED : TargetStage.RUNNING;
          case PAUSED -> TargetStage.POSTCOPY_PAUSED;
          case GONE -> TargetStage.GONE;
          case ENDED -> endedWell(state) ? TargetStage.RECEIVED : TargetStage.GONE;
        };
    return new PeerMessage.TargetStatus(stage, state.mayHaveRun());
  }

  /** Having received it all is nothing if it was discarded, or died, before the end. */
  private static boolean endedWell(TargetState state) {
    return ended(state, Outcome.COMPLETED);
  }

  private static boolean ended(TargetState state, Outcome outcome) {
    return state.stage() == Stage.ENDED
        && state.ending().map(ending -> ending.outcome() == outcome).orElse(false);
  }

  private static TargetStep listen(TargetState state, int attempt) {
    return switch (state.stage()) {
      case READY -> TargetStep.of(state.at(Stage.RECEIVING), new TargetEffect.ListenFor(attempt));
      case PAUSED -> TargetStep.of(state, new TargetEffect.ListenFor(attempt));
      // The source lost the channels and this side has not noticed: make it notice.
      case RECEIVING, LOADED, RUNNING ->
          state.received()
              ? TargetStep.of(state, new TargetEffect.Send(new PeerMessage.Received()))
              : TargetStep.of(
                  state.withPendingListen(Optional.of(attempt)), new TargetEffect.BreakTransfer());
      case PREPARING, SETTLING -> TargetStep.of(state);
      case GONE, ENDED -> tell(state, status(state));
    };
  }

  private static TargetStep openDisks(TargetState state, int attempt) {
    return switch (state.stage()) {
      case READY, RECEIVING -> TargetStep.of(state, new TargetEffect.ExpectDisks(attempt));
      case PREPARING, LOADED, RUNNING, PAUSED, SETTLING -> TargetStep.of(state);
      case GONE, ENDED -> tell(state, status(state));
    };
  }

  private static TargetStep commit(TargetState state, boolean run) {
    TargetState committed = state.withCommitted(run);
    return switch (state.stage()) {
      case LOADED -> run(committed);
      // Not loaded yet, or cut off: it runs as soon as it is and can.
      case RECEIVING, PAUSED ->
          // A source that was restarted may have forgotten that the guest runs here.
          state.mayHaveRun()
              ? TargetStep.of(
                  committed, new TargetEffect.Journal(), new TargetEffect.Send(status(committed)))
              : TargetStep.of(committed, new TargetEffect.Journal());
      case RUNNING, GONE, SETTLING, ENDED, PREPARING, READY -> tell(state, status(state));
    };
  }

  /** The one place where the guest is allowed to run on this host. */
  static TargetStep run(TargetState state) {
    if (!state.committed()) {
      throw new IllegalStateException("may not run before the commit: " + state);
    }
    TargetState next = state.withMayHaveRun().at(Stage.RUNNING);
    return state.runWanted()
        ? TargetStep.of(next, new TargetEffect.Journal(), new TargetEffect.Run())
        : TargetStep.of(
            next, new TargetEffect.Journal(), new TargetEffect.Send(new PeerMessage.Running()));
  }

  private static TargetStep abort(TargetState state, String reason) {
    TargetEffect aborted = new TargetEffect.Send(new PeerMessage.Aborted());
    return switch (state.stage()) {
      case ENDED -> TargetStep.of(state, aborted);
      case PREPARING, READY, RECEIVING, LOADED, RUNNING, PAUSED, GONE, SETTLING -> {
        if (state.mayHaveRun()) {
          // A source never says this after its commit; whoever does must not take the guest away.
          yield TargetStep.of(state, new TargetEffect.Send(status(state)));
        }
        yield TargetStep.of(
            discarded(state, "The source took the guest back: " + reason),
            new TargetEffect.CloseChannels(),
            new TargetEffect.Remove(),
            new TargetEffect.DiscardDisks(),
            new TargetEffect.Journal(),
            aborted);
      }
    };
  }

  private static TargetState discarded(TargetState state, String reason) {
    return state
        .withEnding(Ending.of(Outcome.ABORTED, Problem.migration("source-aborted", reason, "")))
        .at(Stage.ENDED);
  }

  /** The source's hypervisor can never run the guest again, nor send any more of it. */
  private static TargetStep sourceLost(TargetState state, String reason) {
    return switch (state.stage()) {
      case ENDED -> {
        PeerMessage answer =
            ended(state, Outcome.POWERED_OFF)
                ? new PeerMessage.PoweredOff()
                : endedWell(state) ? new PeerMessage.Received() : new PeerMessage.Aborted();
        yield tell(state, answer);
      }
      // The last word is about to be said.
      case SETTLING -> TargetStep.of(state);
      case PREPARING, READY, RECEIVING, GONE, PAUSED -> incomplete(state, reason);
      // The last of it may have come, and the news of that not yet: the hypervisor is made to say.
      case LOADED, RUNNING ->
          state.received()
              ? state.stage() == Stage.RUNNING
                  ? conclude(state.withFinishedThere())
                  : TargetStep.of(state, new TargetEffect.Send(status(state)))
              : TargetStep.of(state.withFinishedThere(), new TargetEffect.BreakTransfer());
    };
  }

  /** The source is dead and something is missing here: nothing can bring the guest back. */
  static TargetStep incomplete(TargetState state, String reason) {
    TargetState lost =
        state
            .withEnding(
                Ending.of(
                    Outcome.LOST,
                    Problem.migration(
                        "source-died",
                        "The source died before all memory had crossed: " + reason,
                        state.mayHaveRun()
                            ? "What is left of the guest stands still here; "
                                + "'drover guest stop --force' removes it."
                            : "Start the guest afresh.")))
            .at(Stage.ENDED);
    TargetEffect heard = new TargetEffect.Send(new PeerMessage.Aborted());
    return state.mayHaveRun()
        // Nothing of it can run on, but a person has to see it here and be able to remove it.
        ? TargetStep.of(
            lost,
            new TargetEffect.CloseChannels(),
            new TargetEffect.Adopt(),
            new TargetEffect.Journal(),
            heard)
        : TargetStep.of(
            lost,
            new TargetEffect.CloseChannels(),
            new TargetEffect.Remove(),
            new TargetEffect.DiscardDisks(),
            new TargetEffect.Journal(),
            heard);
  }

  /** Ends well once everything is here, the guest has run, and the source has said it is done. */
  static TargetStep conclude(TargetState state) {
    return switch (state.stage()) {
      case RUNNING ->
          state.received() && state.finishedThere()
              ? end(
                  state.withEnding(Ending.of(Outcome.COMPLETED)),
                  new TargetEffect.CloseChannels(),
                  new TargetEffect.Adopt())
              : TargetStep.of(state);
      case ENDED -> tell(state, endedWell(state) ? new PeerMessage.Received() : status(state));
      case PREPARING, READY, RECEIVING, LOADED, PAUSED, GONE, SETTLING -> TargetStep.of(state);
    };
  }

  /**
   * Ends the arrival of a guest that may have run here, as is decided, with its disks on stable
   * storage if that is possible. That may take its time: the journal has the decision before.
   */
  static TargetStep end(TargetState decided, TargetEffect... first) {
    if (!decided.disks()) {
      return endNow(decided, first);
    }
    List<TargetEffect> effects = new ArrayList<>(List.of(first));
    effects.add(new TargetEffect.Journal());
    effects.add(new TargetEffect.SettleDisks());
    return new TargetStep(decided.at(Stage.SETTLING), effects);
  }

  private static TargetStep endNow(TargetState decided, TargetEffect... first) {
    TargetState next = decided.at(Stage.ENDED);
    List<TargetEffect> effects = new ArrayList<>(List.of(first));
    effects.add(new TargetEffect.Journal());
    effects.addAll(tell(next, lastWord(next)).effects());
    return new TargetStep(next, effects);
  }

  private static PeerMessage lastWord(TargetState ended) {
    Ending how = ended.ending().orElseThrow(() -> new IllegalStateException("undecided: " + ended));
    return switch (how.outcome()) {
      case COMPLETED -> new PeerMessage.Received();
      case POWERED_OFF -> new PeerMessage.PoweredOff();
      case LOST -> new PeerMessage.Gone(true, how.problem().map(Problem::message).orElse(""));
      case REFUSED, ABORTED, CANCELLED ->
          throw new IllegalStateException("a guest that ran here is not given back: " + ended);
    };
  }

  private static TargetStep abandoned(TargetState state) {
    return switch (state.stage()) {
      case PREPARING, READY, RECEIVING, GONE ->
          // Where the hypervisor is gone nothing can be lost any more, whoever owned it.
          (state.committed() && state.stage() != Stage.GONE) || state.disksMayBeWhole()
              ? TargetStep.of(state)
              : TargetStep.of(
                  discarded(state, "The source fell silent before the guest was here"),
                  new TargetEffect.CloseChannels(),
                  new TargetEffect.Remove(),
                  new TargetEffect.DiscardDisks(),
                  new TargetEffect.Journal());
      case LOADED, RUNNING, PAUSED, SETTLING, ENDED -> TargetStep.of(state);
    };
  }

  private static TargetStep failed(TargetState state, TargetEffect effect, Problem problem) {
    if (state.isDecided() && !(effect instanceof TargetEffect.SettleDisks)) {
      return TargetStep.of(state);
    }
    return switch (effect) {
      case TargetEffect.Launch() -> {
        TargetEffect refused = new TargetEffect.Send(new PeerMessage.Refused(List.of(problem)));
        yield state.generation() == 0
            ? TargetStep.of(
                state.withEnding(Ending.of(Outcome.REFUSED, problem)).at(Stage.ENDED),
                new TargetEffect.Remove(),
                new TargetEffect.DiscardDisks(),
                new TargetEffect.Journal(),
                refused)
            : TargetStep.of(
                state.at(Stage.GONE),
                new TargetEffect.Remove(),
                new TargetEffect.Journal(),
                refused);
      }
      case TargetEffect.ListenFor(int attempt) ->
          attempt == 0
              ? gone(state, problem.message())
              : TargetStep.of(
                  state, new TargetEffect.Send(new PeerMessage.Refused(List.of(problem))));
      // A guest that may run but does not answer is in post-copy and waits for a page; it is not
      // this machine's to guess otherwise.
      case TargetEffect.Journal() ->
          state.mayHaveRun() || state.stage() == Stage.GONE
              ? TargetStep.of(state)
              : gone(state, "the journal cannot be written: " + problem.message());
      case TargetEffect.SettleDisks() ->
          state.stage() == Stage.SETTLING ? endNow(state) : TargetStep.of(state);
      case TargetEffect.Run(),
          TargetEffect.ExpectDisks(int _),
          TargetEffect.DiscardDisks(),
          TargetEffect.Send(PeerMessage _),
          TargetEffect.SendPrepared(),
          TargetEffect.Announce(),
          TargetEffect.BreakTransfer(),
          TargetEffect.CloseChannels(),
          TargetEffect.Remove(),
          TargetEffect.Adopt() ->
          TargetStep.of(state);
    };
  }

  /** The hypervisor is gone. If the guest may have run, its memory went with it. */
  static TargetStep gone(TargetState state, String reason) {
    return state.mayHaveRun()
        ? end(
            state.withEnding(
                Ending.of(
                    Outcome.LOST,
                    Problem.migration(
                        "target-died",
                        "The guest's QEMU ended here after the guest had run: " + reason,
                        "The guest's memory is lost; start it afresh."))),
            new TargetEffect.CloseChannels(),
            new TargetEffect.Remove())
        : TargetStep.of(
            state.at(Stage.GONE),
            new TargetEffect.CloseChannels(),
            new TargetEffect.Remove(),
            new TargetEffect.Journal(),
            new TargetEffect.Send(new PeerMessage.Gone(false, reason)));
  }

  private static TargetState givenUp(TargetState state) {
    return state.mayHaveRun()
        ? state
            .withEnding(
                Ending.of(
                    Outcome.LOST,
                    Problem.migration(
                        "given-up",
                        "A person gave the arrival up after the guest had run here",
                        "The guest's memory is lost; start it afresh.")))
            .at(Stage.ENDED)
        : state
            .withEnding(
                Ending.of(
                    Outcome.ABORTED,
                    Problem.migration(
                        "given-up",
                        "A person gave the arrival up before the guest had run here",
                        "The guest is its source's, if that still has it; it can be moved again.")))
            .at(Stage.ENDED);
  }

  private static TargetStep resolved(TargetState state, TargetEvent.Decision decision) {
    return switch (decision) {
      case RUN ->
          switch (state.stage()) {
            case LOADED -> run(state.withCommitted(true));
            case RUNNING -> conclude(state.withFinishedThere());
            case PREPARING, READY, RECEIVING, PAUSED, GONE, SETTLING, ENDED -> TargetStep.of(state);
          };
      case DISCARD ->
          switch (state.stage()) {
            case SETTLING, ENDED -> TargetStep.of(state);
            case PREPARING, READY, RECEIVING, LOADED, GONE, RUNNING, PAUSED ->
                state.received() && state.mayHaveRun()
                    ? conclude(state.withFinishedThere())
                    : state.mayHaveRun()
                        ? TargetStep.of(
                            givenUp(state),
                            new TargetEffect.CloseChannels(),
                            new TargetEffect.Remove(),
                            new TargetEffect.Journal())
                        : TargetStep.of(
                            givenUp(state),
                            new TargetEffect.CloseChannels(),
                            new TargetEffect.Remove(),
                            new TargetEffect.DiscardDisks(),
                            new TargetEffect.Journal());
          };
    };
  }
}
