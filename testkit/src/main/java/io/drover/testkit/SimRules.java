package io.drover.testkit;

import io.drover.migration.SourceEffect;
import io.drover.migration.SourceEvent;
import io.drover.migration.SourceState;
import io.drover.migration.SourceStep;
import io.drover.migration.TargetState;
import io.drover.migration.TransferState;
import io.drover.model.Outcome;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What must hold after every event, and in the end. */
final class SimRules {
  private final SimWorld world;
  private final SimHistory history;
  private final Map<String, Integer> notes = new TreeMap<>();

  SimRules(SimWorld world, SimHistory history) {
    this.world = world;
    this.history = history;
  }

  /** Things that are allowed and yet worth counting. */
  Map<String, Integer> notes() {
    return notes;
  }

  private void note(String what) {
    notes.merge(what, 1, Integer::sum);
  }

  void checkAlways() {
    world.disks().observe();
    int executing = 0;
    int living = 0;
    boolean mayExecuteThere = false;
    boolean everExecutedThere = false;
    for (SimTarget t : world.targets()) {
      executing += t.executing() ? 1 : 0;
      living += t.alive() ? 1 : 0;
      mayExecuteThere |= t.mayExecute();
      everExecutedThere |= t.everExecuted();
    }
    if (world.sourceHypervisor().executing() && mayExecuteThere) {
      throw new Violation("two copies run, or may at any moment");
    }
    if (world.sourceHypervisor().executing() && everExecutedThere) {
      throw new Violation("the source runs after the target did");
    }
    if (executing > 1 || living > 1) {
      throw new Violation("more than one hypervisor at the target");
    }
  }

  /** Before the driver performs it. */
  void sourceStepped(SourceState before, SourceEvent event, SourceStep step) {
    SourceState after = step.state();
    if (event instanceof SourceEvent.CancelRequested) {
      checkCancel(step);
    }
    Optional<Outcome> told = after.ending().map(e -> e.outcome());
    if (told.equals(Optional.of(Outcome.LOST))
        && !told.equals(before.ending().map(e -> e.outcome()))) {
      checkLost(event);
    }
  }

  private static void checkCancel(SourceStep step) {
    boolean refused = step.effects().stream().anyMatch(SourceEffect.RefuseCancel.class::isInstance);
    boolean heeded =
        step.state()
            .ending()
            .map(
                e ->
                    e.outcome() == Outcome.CANCELLED
                        || e.outcome() == Outcome.ABORTED
                        || e.outcome() == Outcome.REFUSED)
            .orElse(false);
    if (!refused && !heeded) {
      throw new Violation("a request to cancel was ignored");
    }
  }

  private void checkLost(SourceEvent event) {
    if (event instanceof SourceEvent.Resolved) {
      return;
    }
    Optional<SimTarget> alive = world.targets().stream().filter(SimTarget::alive).findFirst();
    boolean ranThere = world.targets().stream().anyMatch(SimTarget::everExecuted);
    if (alive.isPresent() && alive.get().hasEverything()) {
      if (ranThere || history.switchLeft) {
        throw new Violation("LOST, and the target has everything");
      }
      note("LOST though the target had it whole before the commit (source died)");
      return;
    }
    if (!world.sourceHypervisor().alive()) {
      return;
    }
    // Killed between the journal and the command, or right after it: nobody can tell which.
    boolean toldToRun = world.target().journal().map(TargetState::mayHaveRun).orElse(false);
    if (ranThere || toldToRun) {
      note(ranThere ? "LOST after it ran there" : "LOST, told to run there and died before it did");
      boolean recoverable =
          world.sourceHypervisor().split()
              && alive.filter(t -> t.transferState() == TransferState.POSTCOPY_PAUSED).isPresent();
      if (recoverable) {
        throw new Violation("LOST, and it could have been recovered");
      }
      return;
    }
    if (!world.sourceHypervisor().split()) {
      throw new Violation("LOST, and the source has it whole");
    }
    if (world.source().replayKept()) {
      throw new Violation("LOST, and the switch could have been replayed");
    }
    note("LOST because the switch was not kept");
  }

  /** Called when the source's agent is about to end the source's hypervisor. */
  void sourceRemoved() {
    boolean wholeThere =
        world.targets().stream()
            .anyMatch(t -> t.hasEverything() && (t.alive() || t.everExecuted()));
    // A paused guest never executes, and is the target's all the same once that is journalled.
    boolean ownedThere =
        world.targets().stream().anyMatch(SimTarget::everExecuted)
            || world.target().journal().map(TargetState::mayHaveRun).orElse(false);
    boolean lost =
        world.source().state().flatMap(SourceState::ending).stream()
            .anyMatch(e -> e.outcome() == Outcome.LOST);
    boolean excused = history.poweredOff || ownedThere || lost || history.personDecided;
    if (world.sourceHypervisor().alive() && !wholeThere && !excused) {
      throw new Violation("the source's copy is removed and the target does not have it");
    }
  }

  void checkEnd() {
    Optional<SimTarget> alive = world.targets().stream().filter(SimTarget::alive).findFirst();
    boolean targetTouched =
        history.hypervisorKilledAtTarget
            || history.targetHostLost
            || history.targetForgot
            || history.personDecided;
    if (!history.sourceHostLost) {
      checkSourceEnd(alive, targetTouched);
    }
    if (!history.targetHostLost && !history.targetForgot) {
      checkTargetEnd(alive);
    }
  }

  private void checkSourceEnd(Optional<SimTarget> alive, boolean targetTouched) {
    Optional<Outcome> told =
        world.source().state().flatMap(SourceState::ending).map(e -> e.outcome());
    told.ifPresent(outcome -> note("outcome " + outcome));
    if (told.isEmpty()) {
      // Killed before the first journal: nothing ever happened.
      expect(world.source().state().isEmpty(), "ended without an outcome");
      return;
    }
    switch (told.get()) {
      case COMPLETED -> {
        expect(!world.sourceHypervisor().alive(), "completed, and the source's hypervisor is left");
        expect(
            history.personDecided || !world.disks().moving() || !world.disks().inPlaceAtSource(),
            "completed, and the source's disk is left");
        noteDisk();
        expect(
            targetTouched || world.targets().stream().anyMatch(SimTarget::hasEverything),
            "completed, and the target never had it all");
        expect(
            targetTouched || history.poweredOff || alive.isPresent(),
            "completed, and nothing lives at the target");
        alive.ifPresent(
            t ->
                expect(
                    history.personDecided
                        || history.targetForgot
                        || t.executing() == world.guestRan(),
                    "completed, and the guest does not do what it did"));
      }
      case ABORTED, CANCELLED, REFUSED -> {
        expect(
            !world.disks().imageAtTarget() || targetTouched || history.targetForgot,
            told.get() + ", and a disk is left at the target");
        expect(world.disks().imageAtSource(), told.get() + ", and the source's disk is gone");
        expect(
            alive.isEmpty() || history.targetForgot,
            told.get() + ", and a hypervisor is left at the target");
        if (!history.hypervisorKilledAtSource && !history.poweredOff) {
          expect(
              world.sourceHypervisor().alive(),
              told.get() + ", and the source's hypervisor is gone");
          expect(
              world.sourceHypervisor().executing() == world.guestRan(),
              told.get() + ", and the guest does not do what it did");
        }
      }
      case POWERED_OFF -> {
        expect(history.poweredOff, "powered off, and it was not");
        expect(
            !world.sourceHypervisor().alive() && (alive.isEmpty() || history.targetForgot),
            "powered off, and a hypervisor is left");
        noteDisk();
      }
      case LOST -> {
        boolean ran = world.targets().stream().anyMatch(SimTarget::everExecuted);
        expect(
            ran
                ? !world.disks().moving() || world.disks().imageAtTarget()
                : world.disks().imageAtSource(),
            "lost, and the guest's disk as well");
        expect(!world.sourceHypervisor().alive(), "lost, and the source's hypervisor is left");
      }
    }
  }

  private void noteDisk() {
    if (world.disks().moving()) {
      note(world.disks().imageAtSource() ? "the source's disk is kept" : "the source's disk goes");
    }
  }

  private void checkTargetEnd(Optional<SimTarget> alive) {
    world
        .target()
        .state()
        .flatMap(TargetState::ending)
        .ifPresent(
            ending -> {
              switch (ending.outcome()) {
                case COMPLETED -> {
                  expect(world.target().adopted(), "completed at the target, and not adopted");
                  expect(
                      world.targets().getLast().hasEverything(),
                      "completed at the target without everything");
                }
                case ABORTED, CANCELLED, REFUSED, POWERED_OFF ->
                    expect(
                        alive.isEmpty(),
                        ending.outcome() + " at the target, and a hypervisor is left");
                case LOST -> {}
              }
              Optional<Outcome> told =
                  world.source().state().flatMap(SourceState::ending).map(e -> e.outcome());
              if (!history.sourceHostLost && !history.personDecided && told.isPresent()) {
                boolean here = ending.outcome() == Outcome.COMPLETED;
                boolean there = told.get() == Outcome.COMPLETED;
                if (here && !there) {
                  throw new Violation("the target says completed, the source " + told.get());
                }
              }
            });
  }

  private static void expect(boolean holds, String otherwise) {
    if (!holds) {
      throw new Violation(otherwise);
    }
  }
}
