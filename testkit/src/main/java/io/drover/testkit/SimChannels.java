package io.drover.testkit;

/**
 * All channels of one attempt, as one thing: losing any of them makes both relays close the rest.
 * The ends notice in their own time.
 */
final class SimChannels {
  private final SimWorld world;
  private boolean broken;

  SimChannels(SimWorld world) {
    this.world = world;
  }

  boolean broken() {
    return broken;
  }

  /** Does something that needs the channels once they have carried data for a while. */
  void afterFlowing(long delayMillis, Runnable action) {
    world.simulation().after(delayMillis, () -> whenMoving(action));
  }

  private void whenMoving(Runnable action) {
    if (broken) {
      return;
    }
    long frozen = world.network().channelsFrozenMillis();
    if (frozen > 0) {
      afterFlowing(frozen, action);
    } else {
      world.progress();
      action.run();
    }
  }

  void breakNow(long sourceNoticesWithin, long targetNoticesWithin) {
    Simulation simulation = world.simulation();
    if (!broken) {
      broken = true;
      simulation.tell(() -> "channels break");
    }
    long sourceDelay = simulation.between(0, sourceNoticesWithin);
    long targetDelay = simulation.between(0, targetNoticesWithin);
    SimSource source = world.sourceHypervisor();
    simulation.after(sourceDelay, () -> source.channelsClosed(this));
    simulation.after(targetDelay, () -> world.targets().forEach(t -> t.channelsClosed(this)));
    if (simulation.chance(70)) {
      simulation.after(
          simulation.between(0, sourceNoticesWithin), () -> world.source().channelsBroken(this));
    }
    if (simulation.chance(70)) {
      simulation.after(
          simulation.between(0, targetNoticesWithin), () -> world.target().channelsBroken(this));
    }
  }
}
