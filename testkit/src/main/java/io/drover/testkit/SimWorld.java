package io.drover.testkit;

import io.drover.migration.SourceEffect;
import io.drover.migration.SourceEvent;
import io.drover.migration.SourceState;
import io.drover.migration.SourceStep;
import io.drover.migration.TargetEvent;
import io.drover.migration.TargetState;
import io.drover.migration.TransferState;
import io.drover.model.ByteSize;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestName;
import io.drover.model.MigrationOptions;
import io.drover.model.Outcome;
import io.drover.model.Version;
import io.drover.wire.PeerMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Two hosts, one guest, one migration; and the rules that must hold after every event. */
final class SimWorld {
  private static final long FAULTS_END_MILLIS = 20_000;
  private static final long SETTLES_WITHIN_MILLIS = 200_000;
  private static final long GRACE_MILLIS = 5_000;

  private static final GuestDefinition GUEST =
      new GuestDefinition(
          new GuestName("g"),
          "00000000-0000-4000-8000-000000000001",
          ByteSize.ofMebibytes(64),
          1,
          "pc-i440fx-7.2",
          "qemu64",
          Optional.empty(),
          Optional.empty(),
          "",
          List.of(),
          Optional.empty());

  private final Simulation simulation;
  private final Machines machines;
  private final SimScenario scenario;
  private final SimNetwork network;
  private final SimLink link;
  private final SimSourceAgent source;
  private final SimTargetAgent target;
  private final SimSource sourceHypervisor;
  private final List<SimTarget> targets = new ArrayList<>();
  private final Map<String, Integer> notes = new TreeMap<>();
  private long lastProgressMillis;
  private boolean poweredOff;
  private boolean switchLeft;
  private boolean hypervisorKilledAtSource;
  private boolean hypervisorKilledAtTarget;
  private boolean sourceHostLost;
  private boolean targetHostLost;
  private boolean targetForgot;
  private boolean personDecided;

  SimWorld(Simulation simulation, Machines machines) {
    this.simulation = simulation;
    this.machines = machines;
    this.scenario = SimScenario.choose(simulation);
    this.network = new SimNetwork(simulation);
    this.link = new SimLink(this);
    this.source = new SimSourceAgent(this);
    this.target = new SimTargetAgent(this);
    this.sourceHypervisor = new SimSource(this, guestRan());
    simulation.tell(scenario::toString);
  }

  // ---- parts ----

  Simulation simulation() {
    return simulation;
  }

  Machines machines() {
    return machines;
  }

  SimNetwork network() {
    return network;
  }

  SimLink link() {
    return link;
  }

  SimSourceAgent source() {
    return source;
  }

  SimTargetAgent target() {
    return target;
  }

  SimSource sourceHypervisor() {
    return sourceHypervisor;
  }

  List<SimTarget> targets() {
    return targets;
  }

  /** Things that are allowed and yet worth counting. */
  Map<String, Integer> notes() {
    return notes;
  }

  private void note(String what) {
    notes.merge(what, 1, Integer::sum);
  }

  private boolean guestRan() {
    return scenario.before() == SourceState.GuestBefore.RUNNING;
  }

  boolean converges(int pass) {
    return pass >= scenario.convergesAfterPasses();
  }

  boolean replayEnabled() {
    return scenario.replay();
  }

  long abandonAfterMillis() {
    return scenario.abandonAfterMillis();
  }

  PeerMessage prepare(int generation) {
    return new PeerMessage.Prepare(
        GUEST,
        MigrationOptions.defaults(),
        scenario.switchAfterMillis() >= 0,
        true,
        new Version(10, 0, 2),
        "tcg",
        List.of(),
        generation,
        false);
  }

  // ---- what happens ----

  void progress() {
    lastProgressMillis = simulation.nowMillis();
  }

  long quietMillis() {
    return simulation.nowMillis() - lastProgressMillis;
  }

  void poweredOff() {
    simulation.tell(() -> "the guest powers itself off");
    poweredOff = true;
  }

  void switchLeft() {
    switchLeft = true;
    source.switchLeft();
  }

  void everythingArrived() {
    simulation.tell(() -> "everything arrived");
  }

  void launchTarget() {
    targets.add(new SimTarget(this, targets.size()));
  }

  void killSourceHypervisor() {
    hypervisorKilledAtSource = true;
    sourceHypervisor.kill();
  }

  void killTargetHypervisor() {
    targets.stream()
        .filter(SimTarget::alive)
        .forEach(
            t -> {
              hypervisorKilledAtTarget = true;
              t.kill();
            });
  }

  void guestPowersOff() {
    sourceHypervisor.powerOff();
    targets.forEach(SimTarget::powerOff);
  }

  void restartSource() {
    if (!sourceHostLost) {
      source.restart();
    }
  }

  void restartTarget() {
    if (!targetHostLost && !target.alive()) {
      target.restart();
      target.watchSilence();
    }
  }

  void loseSourceHost() {
    if (!targetHostLost) {
      simulation.tell(() -> "the source host is lost for good");
      sourceHostLost = true;
      source.kill();
      killSourceHypervisor();
    }
  }

  void loseTargetHost() {
    if (!sourceHostLost) {
      simulation.tell(() -> "the target host is lost for good");
      targetHostLost = true;
      target.kill();
      killTargetHypervisor();
    }
  }

  /** Legal in post-copy at any time: the newest memory is at the target, and this gives it up. */
  void givenUpAtSource() {
    boolean inPostCopy =
        source.state().map(SourceState::stage).stream()
            .anyMatch(
                stage ->
                    stage == SourceState.Stage.PAUSED || stage == SourceState.Stage.RECOVERING);
    if (inPostCopy && source.alive()) {
      simulation.tell(() -> "a person gives the migration up at the source");
      personDecided = true;
      source.offer(new SourceEvent.Resolved(SourceEvent.Decision.TAKE_BACK));
    }
  }

  /** The target's agent is killed and its journal lost; its hypervisor lives on. */
  void targetForgets() {
    simulation.tell(() -> "the target loses its journal");
    targetForgot = true;
    target.kill();
    target.forgetEverything();
    simulation.after(simulation.between(10, 3000), this::restartTarget);
  }

  // ---- the run ----

  void run() {
    source.start(SourceState.initial(scenario.before(), scenario.start()));
    target.watchSilence();
    new SimFaults(this).plan();
    if (scenario.switchAfterMillis() >= 0) {
      wantSwitch(scenario.switchAfterMillis());
    }
    while (simulation.next(FAULTS_END_MILLIS)) {
      checkAlways();
    }
    simulation.tell(() -> "faults end, links heal, agents are started again");
    network.heal();
    source.killAfterEffects(-1);
    target.killAfterEffects(-1);
    restartSource();
    restartTarget();
    runUntilSettled(FAULTS_END_MILLIS + SETTLES_WITHIN_MILLIS);
    if (!settled()) {
      askPerson();
      runUntilSettled(FAULTS_END_MILLIS + 2 * SETTLES_WITHIN_MILLIS);
      if (!settled()) {
        throw new Violation("does not settle, even after a person decided");
      }
    }
    long end = simulation.nowMillis() + GRACE_MILLIS;
    while (simulation.next(end)) {
      checkAlways();
    }
    if (!settledStates()) {
      throw new Violation("settled, and then stirred again");
    }
    checkEnd();
  }

  private void wantSwitch(long delay) {
    // Asked for while the transfer is not yet there it comes to nothing, so it is asked again.
    simulation.after(
        delay,
        () -> {
          source.offer(new SourceEvent.SwitchWanted());
          if (simulation.nowMillis() < FAULTS_END_MILLIS / 2) {
            wantSwitch(1500);
          }
        });
  }

  private void runUntilSettled(long until) {
    while (!settled() && simulation.next(until)) {
      checkAlways();
    }
  }

  private boolean settled() {
    return settledStates()
        && (sourceHostLost || source.idle())
        && (targetHostLost || target.idle());
  }

  private boolean settledStates() {
    return (sourceHostLost || source.state().map(SourceState::settled).orElse(true))
        && (targetHostLost
            || target.state().map(s -> s.stage() == TargetState.Stage.ENDED).orElse(true));
  }

  /** Only where the agents cannot know, and a person can go and look. */
  private void askPerson() {
    if (!sourceHostLost && !targetHostLost && !targetForgot) {
      throw new Violation("does not settle by itself");
    }
    personDecided = true;
    simulation.tell(() -> "a person decides");
    boolean ranThere = targets.stream().anyMatch(SimTarget::everExecuted);
    if (!sourceHostLost && source.state().filter(s -> !s.settled()).isPresent()) {
      boolean wholeThere = targets.stream().anyMatch(t -> t.everExecuted() && t.hasEverything());
      if (!ranThere) {
        targets.forEach(SimTarget::kill);
      }
      SourceEvent.Decision decision =
          wholeThere || (ranThere && sourceHypervisor.outgoing() == SimSource.Outgoing.COMPLETED)
              ? SourceEvent.Decision.TARGET_HAS_IT
              : SourceEvent.Decision.TAKE_BACK;
      source.offer(new SourceEvent.Resolved(decision));
      // A target that can never hear of it is given up in a second step.
      simulation.after(5000, () -> source.offer(new SourceEvent.Resolved(decision)));
    }
    if (!targetHostLost && sourceHostLost) {
      boolean loaded =
          target.state().filter(s -> s.stage() == TargetState.Stage.LOADED).isPresent();
      boolean whole = targets.stream().anyMatch(t -> t.alive() && t.hasEverything());
      target.offer(
          new TargetEvent.Resolved(
              loaded && whole ? TargetEvent.Decision.RUN : TargetEvent.Decision.DISCARD));
      // Whoever let it run is asked once more, to let go of the migration.
      simulation.after(
          1000, () -> target.offer(new TargetEvent.Resolved(TargetEvent.Decision.DISCARD)));
    }
  }

  // ---- the rules ----

  void stepped() {
    checkAlways();
  }

  private void checkAlways() {
    int executing = 0;
    int living = 0;
    boolean mayExecuteThere = false;
    boolean everExecutedThere = false;
    for (SimTarget t : targets) {
      executing += t.executing() ? 1 : 0;
      living += t.alive() ? 1 : 0;
      mayExecuteThere |= t.mayExecute();
      everExecutedThere |= t.everExecuted();
    }
    if (sourceHypervisor.executing() && mayExecuteThere) {
      throw new Violation("two copies run, or may at any moment");
    }
    if (sourceHypervisor.executing() && everExecutedThere) {
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
    Optional<SimTarget> alive = targets.stream().filter(SimTarget::alive).findFirst();
    boolean ranThere = targets.stream().anyMatch(SimTarget::everExecuted);
    if (alive.isPresent() && alive.get().hasEverything()) {
      if (ranThere || switchLeft) {
        throw new Violation("LOST, and the target has everything");
      }
      note("LOST though the target had it whole before the commit (source died)");
      return;
    }
    if (!sourceHypervisor.alive()) {
      return;
    }
    // Killed between the journal and the command, or right after it: nobody can tell which.
    boolean toldToRun = target.journal().map(TargetState::mayHaveRun).orElse(false);
    if (ranThere || toldToRun) {
      note(ranThere ? "LOST after it ran there" : "LOST, told to run there and died before it did");
      boolean recoverable =
          sourceHypervisor.split()
              && alive.filter(t -> t.transferState() == TransferState.POSTCOPY_PAUSED).isPresent();
      if (recoverable) {
        throw new Violation("LOST, and it could have been recovered");
      }
      return;
    }
    if (!sourceHypervisor.split()) {
      throw new Violation("LOST, and the source has it whole");
    }
    if (source.replayKept()) {
      throw new Violation("LOST, and the switch could have been replayed");
    }
    note("LOST because the switch was not kept");
  }

  /** Called when the source's agent is about to end the source's hypervisor. */
  void sourceRemoved() {
    boolean wholeThere =
        targets.stream().anyMatch(t -> t.hasEverything() && (t.alive() || t.everExecuted()));
    // A paused guest never executes, and is the target's all the same once that is journalled.
    boolean ownedThere =
        targets.stream().anyMatch(SimTarget::everExecuted)
            || target.journal().map(TargetState::mayHaveRun).orElse(false);
    boolean lost =
        source.state().flatMap(SourceState::ending).stream()
            .anyMatch(e -> e.outcome() == Outcome.LOST);
    boolean excused = poweredOff || ownedThere || lost || personDecided;
    if (sourceHypervisor.alive() && !wholeThere && !excused) {
      throw new Violation("the source's copy is removed and the target does not have it");
    }
  }

  private void checkEnd() {
    Optional<SimTarget> alive = targets.stream().filter(SimTarget::alive).findFirst();
    boolean targetTouched =
        hypervisorKilledAtTarget || targetHostLost || targetForgot || personDecided;
    if (!sourceHostLost) {
      checkSourceEnd(alive, targetTouched);
    }
    if (!targetHostLost && !targetForgot) {
      checkTargetEnd(alive);
    }
  }

  private void checkSourceEnd(Optional<SimTarget> alive, boolean targetTouched) {
    Optional<Outcome> told = source.state().flatMap(SourceState::ending).map(e -> e.outcome());
    told.ifPresent(outcome -> note("outcome " + outcome));
    if (told.isEmpty()) {
      // Killed before the first journal: nothing ever happened.
      expect(source.state().isEmpty(), "ended without an outcome");
      return;
    }
    switch (told.get()) {
      case COMPLETED -> {
        expect(!sourceHypervisor.alive(), "completed, and the source's hypervisor is left");
        expect(
            targetTouched || targets.stream().anyMatch(SimTarget::hasEverything),
            "completed, and the target never had it all");
        expect(
            targetTouched || poweredOff || alive.isPresent(),
            "completed, and nothing lives at the target");
        alive.ifPresent(
            t ->
                expect(
                    personDecided || targetForgot || t.executing() == guestRan(),
                    "completed, and the guest does not do what it did"));
      }
      case ABORTED, CANCELLED, REFUSED -> {
        expect(
            alive.isEmpty() || targetForgot,
            told.get() + ", and a hypervisor is left at the target");
        if (!hypervisorKilledAtSource && !poweredOff) {
          expect(sourceHypervisor.alive(), told.get() + ", and the source's hypervisor is gone");
          expect(
              sourceHypervisor.executing() == guestRan(),
              told.get() + ", and the guest does not do what it did");
        }
      }
      case POWERED_OFF -> {
        expect(poweredOff, "powered off, and it was not");
        expect(
            !sourceHypervisor.alive() && (alive.isEmpty() || targetForgot),
            "powered off, and a hypervisor is left");
      }
      case LOST -> expect(!sourceHypervisor.alive(), "lost, and the source's hypervisor is left");
    }
  }

  private void checkTargetEnd(Optional<SimTarget> alive) {
    target
        .state()
        .flatMap(TargetState::ending)
        .ifPresent(
            ending -> {
              switch (ending.outcome()) {
                case COMPLETED -> {
                  expect(target.adopted(), "completed at the target, and not adopted");
                  expect(
                      targets.getLast().hasEverything(),
                      "completed at the target without everything");
                }
                case ABORTED, CANCELLED, REFUSED, POWERED_OFF ->
                    expect(
                        alive.isEmpty(),
                        ending.outcome() + " at the target, and a hypervisor is left");
                case LOST -> {}
              }
              Optional<Outcome> told =
                  source.state().flatMap(SourceState::ending).map(e -> e.outcome());
              if (!sourceHostLost && !personDecided && told.isPresent()) {
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

  @Override
  public String toString() {
    return "source agent %s%n  %s%ntarget agent %s%n  %s"
        .formatted(
            source.state().map(Object::toString).orElse("(no migration)"),
            sourceHypervisor,
            target.state().map(Object::toString).orElse("(no migration)"),
            targets);
  }
}
