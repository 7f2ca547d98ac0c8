package io.drover.testkit;

import io.drover.migration.HypervisorEvent;
import io.drover.migration.SourceEvent;

/** The guest's disk that moves with it: its image at either host, and the mirror between them. */
final class SimDisks {
  /** What the source's hypervisor does about it. */
  private enum Mirror {
    NONE,
    COPYING,
    READY,
    COMPLETING,
    DONE,
    FAILED
  }

  private final SimWorld world;
  private final Simulation simulation;
  private final boolean moving;
  private Mirror mirror = Mirror.NONE;
  private boolean connected;
  private long stepsLeft;
  private boolean imageAtSource = true;
  private boolean putAside;
  private boolean imageAtTarget;
  private boolean wholeAtTarget;
  private boolean safeAtTarget;

  SimDisks(SimWorld world, SimScenario scenario) {
    this.world = world;
    this.simulation = world.simulation();
    this.moving = scenario.disks();
  }

  /** Whether the guest has one that the hosts do not share. */
  boolean moving() {
    return moving;
  }

  // ---- the source's hypervisor ----

  void begin() throws SimCommandFailed {
    if (mirror != Mirror.NONE || simulation.chance(1)) {
      throw new SimCommandFailed("no mirror can begin");
    }
    mirror = Mirror.COPYING;
    stepsLeft = simulation.between(1, 8);
    copy();
  }

  private void copy() {
    whenFlowing(
        simulation.between(20, 300),
        () -> {
          if (mirror != Mirror.COPYING) {
            return;
          }
          if (--stepsLeft > 0) {
            copy();
          } else {
            mirror = Mirror.READY;
            world.sourceHypervisor().tell(new HypervisorEvent.DisksReady(0));
          }
        });
  }

  void complete() throws SimCommandFailed {
    if (mirror != Mirror.READY) {
      throw new SimCommandFailed("no mirror that could end: " + mirror);
    }
    mirror = Mirror.COMPLETING;
    whenFlowing(
        simulation.between(1, 30),
        () -> {
          if (mirror == Mirror.COMPLETING) {
            mirror = Mirror.DONE;
            wholeAtTarget = imageAtTarget && !world.sourceHypervisor().executing();
            world.sourceHypervisor().tell(new HypervisorEvent.DisksWhole(0));
          }
        });
  }

  void cancel() {
    if (follows()) {
      mirror = Mirror.FAILED;
    }
  }

  /** A guest cannot be stopped while one of its writes waits for the target. */
  void whenNothingHangs(long delayMillis, Runnable action) {
    if (follows()) {
      whenFlowing(delayMillis, action);
    } else {
      simulation.after(delayMillis, action);
    }
  }

  private boolean follows() {
    return switch (mirror) {
      case COPYING, READY, COMPLETING -> true;
      case NONE, DONE, FAILED -> false;
    };
  }

  private void whenFlowing(long delayMillis, Runnable action) {
    simulation.after(
        delayMillis,
        () -> {
          long frozen = world.network().channelsFrozenMillis();
          if (follows() && world.sourceHypervisor().alive() && (!connected || frozen > 0)) {
            whenFlowing(Math.max(100, frozen), action);
          } else {
            if (connected) {
              world.progress();
            }
            action.run();
          }
        });
  }

  // ---- the channel ----

  void connect(long ticket) {
    connected = false;
    simulation.after(
        simulation.between(5, 40),
        () -> {
          if (world.network().channelsUp()
              && world.target().holdsDiskTicket(ticket)
              && world.targets().stream().anyMatch(SimTarget::alive)) {
            connected = true;
          } else {
            world.source().offer(new SourceEvent.DisksCut("nobody lets it in"));
          }
        });
  }

  void cut(long noticedWithinMillis) {
    if (connected) {
      connected = false;
      simulation.after(
          simulation.between(0, noticedWithinMillis),
          () -> world.source().offer(new SourceEvent.DisksCut("cut")));
    }
  }

  /** The places that the mirror writes to were the agent's. */
  void sourceAgentDied() {
    connected = false;
    cancel();
  }

  void targetHypervisorDied() {
    if (connected && follows() && world.target().alive()) {
      connected = false;
      mirror = Mirror.FAILED;
      world.sourceHypervisor().tell(new HypervisorEvent.DisksFailed("input/output error", 0));
    }
  }

  // ---- the images ----

  void makeAtTarget() {
    imageAtTarget |= moving;
  }

  void discardAtTarget() {
    if (world.targets().stream().anyMatch(SimTarget::everExecuted)) {
      throw new Violation("the disk is discarded on which the guest ran");
    }
    imageAtTarget = false;
    wholeAtTarget = false;
  }

  /** The guest has ended there, or runs there and looks after its disk itself. */
  void settleAtTarget() throws SimCommandFailed {
    if (simulation.chance(20)) {
      throw new SimCommandFailed("input/output error");
    }
    safeAtTarget |= imageAtTarget;
  }

  void releaseAtSource() {
    if (!imageAtTarget || !wholeAtTarget) {
      throw new Violation("the source's disk goes, and the target's is not whole");
    }
    if (!safeAtTarget) {
      throw new Violation("the source's disk goes, and a power cut may take the target's");
    }
    imageAtSource = false;
  }

  void putAsideAtSource() {
    putAside = true;
  }

  /** Whether there is an image where the guest would look for it. */
  boolean inPlaceAtSource() {
    return imageAtSource && !putAside;
  }

  void runsAtTarget() {
    // A person may let an old copy run where there is no other.
    if (!world.personDecided() && moving && (!imageAtTarget || !wholeAtTarget)) {
      throw new Violation("the guest runs at the target on a disk that is not its own");
    }
  }

  /** Whatever a guest that runs here writes is missing there. */
  void observe() {
    if (world.sourceHypervisor().executing() && !follows()) {
      wholeAtTarget = false;
    }
  }

  boolean imageAtSource() {
    return imageAtSource;
  }

  boolean imageAtTarget() {
    return imageAtTarget;
  }
}
