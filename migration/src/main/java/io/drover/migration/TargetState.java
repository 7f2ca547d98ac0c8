package io.drover.migration;

import io.drover.model.Phase;
import java.util.Optional;

/**
 * Where the target of a migration stands; journalled like {@link SourceState}.
 *
 * @param committed whether the source has given the guest up to this host
 * @param runWanted whether the guest ran before, and so is to run here
 * @param switched whether the guest's device state came in post-copy
 * @param mayHaveRun whether the guest was allowed to run here, even if it is not known to have
 * @param received whether all of its memory is here
 * @param finishedThere whether the source said that it has sent everything
 * @param generation which hypervisor this is; see {@link SourceState#generation}
 * @param connected whether the control connection stands
 * @param pendingListen an attempt that waits for this side's hypervisor to notice the break
 */
public record TargetState(
    Stage stage,
    boolean committed,
    boolean runWanted,
    boolean switched,
    boolean mayHaveRun,
    boolean received,
    boolean finishedThere,
    int generation,
    boolean connected,
    Optional<Integer> pendingListen,
    Optional<Ending> ending) {

  /** The steps of a target; see {@link TargetMachine}. */
  public enum Stage {
    PREPARING(Phase.PREPARE),
    READY(Phase.PREPARE),
    RECEIVING(Phase.COPY),
    /** Whole enough to run, and waiting for the source's word. */
    LOADED(Phase.SWITCHOVER),
    RUNNING(Phase.POSTCOPY),
    PAUSED(Phase.PAUSED),
    /** The hypervisor died before the guest ran; the source may want another, or abort. */
    GONE(Phase.RECOVER),
    ENDED(Phase.ENDED);

    private final Phase phase;

    Stage(Phase phase) {
      this.phase = phase;
    }

    public Phase phase() {
      return phase;
    }
  }

  public static TargetState initial() {
    return new TargetState(
        Stage.PREPARING,
        false,
        true,
        false,
        false,
        false,
        false,
        0,
        true,
        Optional.empty(),
        Optional.empty());
  }

  TargetState at(Stage next) {
    return new TargetState(
        next,
        committed,
        runWanted,
        switched,
        mayHaveRun,
        received,
        finishedThere,
        generation,
        connected,
        pendingListen,
        ending);
  }

  TargetState withCommitted(boolean run) {
    return new TargetState(
        stage,
        true,
        run,
        switched,
        mayHaveRun,
        received,
        finishedThere,
        generation,
        connected,
        pendingListen,
        ending);
  }

  TargetState withSwitched() {
    return new TargetState(
        stage,
        committed,
        runWanted,
        true,
        mayHaveRun,
        received,
        finishedThere,
        generation,
        connected,
        pendingListen,
        ending);
  }

  TargetState withMayHaveRun() {
    return new TargetState(
        stage,
        committed,
        runWanted,
        switched,
        true,
        received,
        finishedThere,
        generation,
        connected,
        pendingListen,
        ending);
  }

  TargetState withReceived() {
    return new TargetState(
        stage,
        committed,
        runWanted,
        switched,
        mayHaveRun,
        true,
        finishedThere,
        generation,
        connected,
        pendingListen,
        ending);
  }

  TargetState withFinishedThere() {
    return new TargetState(
        stage,
        committed,
        runWanted,
        switched,
        mayHaveRun,
        received,
        true,
        generation,
        connected,
        pendingListen,
        ending);
  }

  TargetState withConnected(boolean value) {
    return new TargetState(
        stage,
        committed,
        runWanted,
        switched,
        mayHaveRun,
        received,
        finishedThere,
        generation,
        value,
        pendingListen,
        ending);
  }

  TargetState withPendingListen(Optional<Integer> value) {
    return new TargetState(
        stage,
        committed,
        runWanted,
        switched,
        mayHaveRun,
        received,
        finishedThere,
        generation,
        connected,
        value,
        ending);
  }

  TargetState withEnding(Ending value) {
    return new TargetState(
        stage,
        committed,
        runWanted,
        switched,
        mayHaveRun,
        received,
        finishedThere,
        generation,
        connected,
        pendingListen,
        Optional.of(value));
  }

  /** A new hypervisor knows nothing of what the old one had. */
  TargetState nextGeneration(int value) {
    return new TargetState(
        Stage.PREPARING,
        false,
        runWanted,
        false,
        false,
        false,
        false,
        value,
        connected,
        Optional.empty(),
        Optional.empty());
  }
}
