package io.drover.migration;

import io.drover.model.Phase;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Where the target of a migration stands; journalled like {@link SourceState}.
 *
 * @param committed whether the source has given the guest up to this host
 * @param runWanted whether the guest ran before, and so is to run here
 * @param switched whether the guest's device state came in post-copy
 * @param mayHaveRun whether the guest was allowed to run here, even if it is not known to have
 * @param received whether all of its memory is here
 * @param finishedThere whether the source said that it has sent everything
 * @param disks whether disks come with the guest
 * @param disksSettled whether what came of them is on stable storage
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
    boolean disks,
    boolean disksSettled,
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
    /** How it ended is decided; what came of the disks is on its way to stable storage. */
    SETTLING(Phase.FINISH),
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
        false,
        false,
        0,
        true,
        Optional.empty(),
        Optional.empty());
  }

  /** Whether nothing that happens changes how it ends any more. */
  public boolean isDecided() {
    return stage == Stage.SETTLING || stage == Stage.ENDED;
  }

  /** Whether the guest lacks memory that cannot come now; it stands still once it needs some. */
  public boolean waits() {
    return mayHaveRun && !received && (stage == Stage.PAUSED || !connected);
  }

  TargetState at(Stage next) {
    return edited(draft -> draft.stage = next);
  }

  TargetState withCommitted(boolean run) {
    return edited(
        draft -> {
          draft.committed = true;
          draft.runWanted = run;
        });
  }

  TargetState withSwitched() {
    return edited(draft -> draft.switched = true);
  }

  TargetState withMayHaveRun() {
    return edited(draft -> draft.mayHaveRun = true);
  }

  TargetState withReceived() {
    return edited(draft -> draft.received = true);
  }

  TargetState withFinishedThere() {
    return edited(draft -> draft.finishedThere = true);
  }

  /**
   * Whether what is here may be the guest's newest disk, of which the source knows and this host
   * does not: memory is sent only when disks are copied, and rebuilt only when they are whole.
   */
  boolean disksMayBeWhole() {
    return disks && (generation > 0 || (stage != Stage.PREPARING && stage != Stage.READY));
  }

  /** Of a guest that comes with disks. */
  public TargetState withDisks() {
    return edited(draft -> draft.disks = true);
  }

  TargetState withDisksSettled() {
    return edited(draft -> draft.disksSettled = true);
  }

  TargetState withConnected(boolean value) {
    return edited(draft -> draft.connected = value);
  }

  TargetState withPendingListen(Optional<Integer> value) {
    return edited(draft -> draft.pendingListen = value);
  }

  TargetState withEnding(Ending value) {
    return edited(draft -> draft.ending = Optional.of(value));
  }

  /** A new hypervisor knows nothing of what the old one had. */
  TargetState nextGeneration(int value) {
    return edited(
        draft -> {
          draft.stage = Stage.PREPARING;
          draft.committed = false;
          draft.switched = false;
          draft.mayHaveRun = false;
          draft.received = false;
          draft.finishedThere = false;
          draft.generation = value;
          draft.pendingListen = Optional.empty();
          draft.ending = Optional.empty();
        });
  }

  private TargetState edited(Consumer<Draft> edit) {
    Draft draft = new Draft(this);
    edit.accept(draft);
    return draft.done();
  }

  /** The same state with its components open to change, for the one that makes the next from it. */
  private static final class Draft {
    private Stage stage;
    private boolean committed;
    private boolean runWanted;
    private boolean switched;
    private boolean mayHaveRun;
    private boolean received;
    private boolean finishedThere;
    private boolean disks;
    private boolean disksSettled;
    private int generation;
    private boolean connected;
    private Optional<Integer> pendingListen;
    private Optional<Ending> ending;

    Draft(TargetState from) {
      stage = from.stage;
      committed = from.committed;
      runWanted = from.runWanted;
      switched = from.switched;
      mayHaveRun = from.mayHaveRun;
      received = from.received;
      finishedThere = from.finishedThere;
      disks = from.disks;
      disksSettled = from.disksSettled;
      generation = from.generation;
      connected = from.connected;
      pendingListen = from.pendingListen;
      ending = from.ending;
    }

    TargetState done() {
      return new TargetState(
          stage,
          committed,
          runWanted,
          switched,
          mayHaveRun,
          received,
          finishedThere,
          disks,
          disksSettled,
          generation,
          connected,
          pendingListen,
          ending);
    }
  }
}
