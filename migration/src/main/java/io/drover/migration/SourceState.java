package io.drover.migration;

import io.drover.model.Phase;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Where the source of a migration stands. All of it is journalled, so that an agent killed at any
 * instant finds out from this and from its hypervisor what is true.
 *
 * @param wasRunning whether the guest ran when the migration began; a paused guest arrives paused
 * @param cold whether the guest is stopped before anything is copied
 * @param attempt which set of channels is in use; raised by every recovery
 * @param generation which hypervisor at the target is in use; raised by every rebuild
 * @param connected whether the control connection stands
 * @param selfPaused whether this side's hypervisor has noticed that post-copy lost its channels
 * @param switched whether the guest's device state may have left in post-copy
 * @param runningThere whether the target said that the guest runs there
 * @param everythingSent whether this side's hypervisor has sent all and had it acknowledged
 * @param guestFree whether, in an abort, the guest has its old life back
 * @param lastWordOwed whether the target must still hear how it ended, to clean up
 * @param disks which of the guest's disks move with it
 * @param copies what has become of them at the target
 * @param diskAttempt which set of the disks' channels is in use
 * @param disksCut whether that set is broken, or may be
 * @param settledThere whether the target said that what came of the disks is on stable storage
 */
public record SourceState(
    Stage stage,
    boolean wasRunning,
    boolean cold,
    int attempt,
    int generation,
    boolean connected,
    boolean selfPaused,
    boolean switched,
    boolean runningThere,
    boolean everythingSent,
    boolean guestFree,
    boolean lastWordOwed,
    List<Integer> disks,
    Copies copies,
    int diskAttempt,
    boolean disksCut,
    boolean settledThere,
    Optional<Ending> ending) {

  public SourceState {
    disks = List.copyOf(disks);
  }

  /** The disks that move, as they are at the target. */
  public enum Copies {
    /** None move. */
    NONE,
    /** Mirrored, and not known to be whole. */
    MIRRORED,
    /** The same as those here, which the guest has not changed since. */
    WHOLE,
    /** The mirrors were ended: of no use. */
    DROPPED
  }

  /** The steps of a source; see {@link SourceMachine} for what leads from one to the next. */
  public enum Stage {
    CONNECTING(Phase.PREPARE),
    PREPARING(Phase.PREPARE),
    /** Disks are copied; nothing of the memory has been sent. */
    MIRRORING(Phase.DISKS),
    OPENING(Phase.PREPARE),
    COPYING(Phase.COPY),
    SWITCHING(Phase.SWITCHOVER),
    COMMITTED(Phase.SWITCHOVER),
    POSTCOPY(Phase.POSTCOPY),
    PAUSED(Phase.PAUSED),
    RECOVERING(Phase.RECOVER),
    REBUILDING(Phase.RECOVER),
    FINISHING(Phase.FINISH),
    ABORTING(Phase.FINISH),
    ENDED(Phase.ENDED);

    private final Phase phase;

    Stage(Phase phase) {
      this.phase = phase;
    }

    public Phase phase() {
      return phase;
    }

    /** Whether it may still go on with passes over the memory or go over to post-copy. */
    public boolean beforeSwitch() {
      return switch (this) {
        case CONNECTING, PREPARING, MIRRORING, OPENING, COPYING -> true;
        case SWITCHING, COMMITTED, POSTCOPY, PAUSED, RECOVERING, REBUILDING -> false;
        case FINISHING, ABORTING, ENDED -> false;
      };
    }

    /**
     * The commit point. From here on the guest belongs to the target, and this side never lets it
     * run again unless the target attests that it never ran there.
     */
    public boolean pastCommit() {
      return switch (this) {
        case COMMITTED, POSTCOPY, PAUSED, RECOVERING, REBUILDING, FINISHING -> true;
        case CONNECTING, PREPARING, MIRRORING, OPENING, COPYING, SWITCHING, ABORTING, ENDED ->
            false;
      };
    }
  }

  public static SourceState initial(GuestBefore before, StartWith start) {
    return new SourceState(
        Stage.CONNECTING,
        before == GuestBefore.RUNNING,
        start == StartWith.STOPPED_GUEST,
        0,
        0,
        false,
        false,
        false,
        false,
        false,
        false,
        false,
        List.of(),
        Copies.NONE,
        0,
        false,
        false,
        Optional.empty());
  }

  /** What the guest did before the migration. */
  public enum GuestBefore {
    RUNNING,
    PAUSED
  }

  /** Whether the guest runs while its memory is copied. */
  public enum StartWith {
    LIVE_GUEST,
    STOPPED_GUEST
  }

  /** Whether the driver has nothing more to do. */
  public boolean settled() {
    return stage == Stage.ENDED && !lastWordOwed;
  }

  SourceState at(Stage next) {
    return edited(draft -> draft.stage = next);
  }

  SourceState withConnected(boolean value) {
    return edited(draft -> draft.connected = value);
  }

  SourceState withSelfPaused(boolean value) {
    return edited(draft -> draft.selfPaused = value);
  }

  SourceState withSwitched() {
    return edited(draft -> draft.switched = true);
  }

  SourceState withRunningThere() {
    return edited(draft -> draft.runningThere = true);
  }

  SourceState withEverythingSent() {
    return edited(draft -> draft.everythingSent = true);
  }

  SourceState withGuestFree() {
    return edited(draft -> draft.guestFree = true);
  }

  SourceState withGuestNotFree() {
    return edited(draft -> draft.guestFree = false);
  }

  /** Whatever the target had is gone with its hypervisor. */
  SourceState withNothingThere() {
    return edited(
        draft -> {
          draft.runningThere = false;
          draft.everythingSent = false;
        });
  }

  SourceState withLastWordOwed(boolean value) {
    return edited(draft -> draft.lastWordOwed = value);
  }

  SourceState withDisks(List<Integer> value) {
    return edited(
        draft -> {
          draft.disks = value;
          draft.copies = Copies.MIRRORED;
        });
  }

  SourceState withCopies(Copies value) {
    return edited(draft -> draft.copies = value);
  }

  SourceState withDisksCut(boolean value) {
    return edited(draft -> draft.disksCut = value);
  }

  SourceState withSettledThere() {
    return edited(draft -> draft.settledThere = true);
  }

  SourceState nextDiskAttempt() {
    return edited(
        draft -> {
          draft.diskAttempt = diskAttempt + 1;
          draft.disksCut = false;
        });
  }

  SourceState withEnding(Ending value) {
    return edited(draft -> draft.ending = Optional.of(value));
  }

  SourceState nextAttempt() {
    return edited(draft -> draft.attempt = attempt + 1);
  }

  /** A new hypervisor at the target counts its attempts afresh. */
  SourceState nextGeneration() {
    return edited(
        draft -> {
          draft.attempt = 0;
          draft.generation = generation + 1;
        });
  }

  private SourceState edited(Consumer<Draft> edit) {
    Draft draft = new Draft(this);
    edit.accept(draft);
    return draft.done();
  }

  /** The same state with its components open to change, for the one that makes the next from it. */
  private static final class Draft {
    private Stage stage;
    private boolean wasRunning;
    private boolean cold;
    private int attempt;
    private int generation;
    private boolean connected;
    private boolean selfPaused;
    private boolean switched;
    private boolean runningThere;
    private boolean everythingSent;
    private boolean guestFree;
    private boolean lastWordOwed;
    private List<Integer> disks;
    private Copies copies;
    private int diskAttempt;
    private boolean disksCut;
    private boolean settledThere;
    private Optional<Ending> ending;

    Draft(SourceState from) {
      stage = from.stage;
      wasRunning = from.wasRunning;
      cold = from.cold;
      attempt = from.attempt;
      generation = from.generation;
      connected = from.connected;
      selfPaused = from.selfPaused;
      switched = from.switched;
      runningThere = from.runningThere;
      everythingSent = from.everythingSent;
      guestFree = from.guestFree;
      lastWordOwed = from.lastWordOwed;
      disks = from.disks;
      copies = from.copies;
      diskAttempt = from.diskAttempt;
      disksCut = from.disksCut;
      settledThere = from.settledThere;
      ending = from.ending;
    }

    SourceState done() {
      return new SourceState(
          stage,
          wasRunning,
          cold,
          attempt,
          generation,
          connected,
          selfPaused,
          switched,
          runningThere,
          everythingSent,
          guestFree,
          lastWordOwed,
          disks,
          copies,
          diskAttempt,
          disksCut,
          settledThere,
          ending);
    }
  }
}
