package io.drover.testkit;

import io.drover.migration.SourceEvent;
import io.drover.migration.SourceState;
import io.drover.migration.TargetEvent;
import io.drover.migration.TargetState;
import io.drover.model.ByteSize;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestName;
import io.drover.model.MigrationOptions;
import io.drover.model.Version;
import io.drover.wire.PeerMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Two hosts, one guest, one migration; {@link SimRules} watches. */
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
          Optional.empty(),
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
  private final SimDisks disks;
  private final SimHistory history = new SimHistory();
  private final SimRules rules;
  private long lastProgressMillis;

  SimWorld(Simulation simulation, Machines machines) {
    this.simulation = simulation;
    this.machines = machines;
    this.scenario = SimScenario.choose(simulation);
    this.network = new SimNetwork(simulation);
    this.link = new SimLink(this);
    this.source = new SimSourceAgent(this);
    this.target = new SimTargetAgent(this);
    this.disks = new SimDisks(this, scenario);
    this.sourceHypervisor = new SimSource(this, guestRan());
    this.rules = new SimRules(this, history);
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

  SimDisks disks() {
    return disks;
  }

  List<SimTarget> targets() {
    return targets;
  }

  SimRules rules() {
    return rules;
  }

  boolean personDecided() {
    return history.personDecided;
  }

  boolean guestRan() {
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
    history.poweredOff = true;
  }

  void switchLeft() {
    history.switchLeft = true;
    source.switchLeft();
  }

  void everythingArrived() {
    simulation.tell(() -> "everything arrived");
  }

  void launchTarget() {
    disks.makeAtTarget();
    targets.add(new SimTarget(this, targets.size()));
  }

  void killSourceHypervisor() {
    history.hypervisorKilledAtSource = true;
    sourceHypervisor.kill();
  }

  void killTargetHypervisor() {
    targets.stream()
        .filter(SimTarget::alive)
        .forEach(
            t -> {
              history.hypervisorKilledAtTarget = true;
              t.kill();
            });
  }

  void guestPowersOff() {
    sourceHypervisor.powerOff();
    targets.forEach(SimTarget::powerOff);
  }

  void restartSource() {
    if (!history.sourceHostLost) {
      source.restart();
    }
  }

  void restartTarget() {
    if (!history.targetHostLost && !target.alive()) {
      target.restart();
      target.watchSilence();
    }
  }

  void loseSourceHost() {
    if (!history.targetHostLost) {
      simulation.tell(() -> "the source host is lost for good");
      history.sourceHostLost = true;
      source.kill();
      killSourceHypervisor();
    }
  }

  void loseTargetHost() {
    if (!history.sourceHostLost) {
      simulation.tell(() -> "the target host is lost for good");
      history.targetHostLost = true;
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
      history.personDecided = true;
      source.offer(new SourceEvent.Resolved(SourceEvent.Decision.TAKE_BACK));
    }
  }

  /** The target's agent is killed and its journal lost; its hypervisor lives on. */
  void targetForgets() {
    simulation.tell(() -> "the target loses its journal");
    history.targetForgot = true;
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
      rules.checkAlways();
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
      rules.checkAlways();
    }
    if (!settledStates()) {
      throw new Violation("settled, and then stirred again");
    }
    rules.checkEnd();
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
      rules.checkAlways();
    }
  }

  private boolean settled() {
    return settledStates()
        && (history.sourceHostLost || source.idle())
        && (history.targetHostLost || target.idle());
  }

  private boolean settledStates() {
    return (history.sourceHostLost || source.state().map(SourceState::settled).orElse(true))
        && (history.targetHostLost
            || target.state().map(s -> s.stage() == TargetState.Stage.ENDED).orElse(true));
  }

  /** Only where the agents cannot know, and a person can go and look. */
  private void askPerson() {
    if (!history.sourceHostLost && !history.targetHostLost && !history.targetForgot) {
      throw new Violation("does not settle by itself");
    }
    history.personDecided = true;
    simulation.tell(() -> "a person decides");
    boolean ranThere = targets.stream().anyMatch(SimTarget::everExecuted);
    if (!history.sourceHostLost && source.state().filter(s -> !s.settled()).isPresent()) {
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
    if (!history.targetHostLost && history.sourceHostLost) {
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

  void stepped() {
    rules.checkAlways();
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
