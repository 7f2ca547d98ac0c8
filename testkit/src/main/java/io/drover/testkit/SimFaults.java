package io.drover.testkit;

import io.drover.migration.SourceEvent;

/** What goes wrong, and what people ask for, by seed. */
final class SimFaults {
  private final SimWorld world;
  private final Simulation simulation;

  SimFaults(SimWorld world) {
    this.world = world;
    this.simulation = world.simulation();
  }

  void plan() {
    long count = simulation.between(0, 5);
    for (long i = 0; i < count; i++) {
      // Most of a migration happens early; a few faults come late, into what became of it.
      long at = simulation.chance(80) ? simulation.between(0, 4000) : simulation.between(0, 15_000);
      plan(at);
    }
  }

  private void plan(long at) {
    long kind = simulation.between(0, 99);
    if (kind < 12) {
      long millis = cutMillis();
      simulation.at(at, () -> cutControl(millis));
    } else if (kind < 24) {
      long millis = cutMillis();
      simulation.at(at, () -> cutChannels(millis));
    } else if (kind < 30) {
      simulation.at(at, () -> cutChannels(0));
    } else if (kind < 42) {
      long millis = cutMillis();
      simulation.at(
          at,
          () -> {
            cutControl(millis);
            cutChannels(millis);
          });
    } else if (kind < 50) {
      long millis = simulation.between(50, 14_000);
      simulation.at(at, () -> freeze(millis));
    } else if (kind < 58) {
      long back = simulation.between(20, 9000);
      simulation.at(at, () -> killSource(back));
    } else if (kind < 66) {
      long back = simulation.between(20, 9000);
      simulation.at(at, () -> killTarget(back));
    } else if (kind < 71) {
      // Between two effects, wherever that is.
      int effects = (int) simulation.between(0, 30);
      world.source().killAfterEffects(effects);
      restartLater();
    } else if (kind < 76) {
      int effects = (int) simulation.between(0, 16);
      world.target().killAfterEffects(effects);
      restartLater();
    } else if (kind < 80) {
      simulation.at(at, () -> world.killSourceHypervisor());
    } else if (kind < 84) {
      simulation.at(at, () -> world.killTargetHypervisor());
    } else if (kind < 91) {
      simulation.at(at, () -> world.source().offer(new SourceEvent.CancelRequested()));
    } else if (kind < 93) {
      simulation.at(at, world::guestPowersOff);
    } else if (kind < 94) {
      long millis = simulation.between(1000, 20_000);
      simulation.at(at, () -> cutAndGiveUp(millis));
    } else if (kind < 95) {
      simulation.at(at, () -> world.source().offer(new SourceEvent.Stalled("an impatient timer")));
    } else if (kind < 97) {
      simulation.at(at, world::loseSourceHost);
    } else if (kind < 99) {
      simulation.at(at, world::loseTargetHost);
    } else {
      simulation.at(at, world::targetForgets);
    }
  }

  private long cutMillis() {
    return simulation.chance(60) ? simulation.between(0, 3000) : simulation.between(0, 20_000);
  }

  private void restartLater() {
    for (long at = 1000; at < 20_000; at += simulation.between(1000, 4000)) {
      simulation.at(
          at,
          () -> {
            world.restartSource();
            world.restartTarget();
          });
    }
  }

  private void cutControl(long millis) {
    simulation.tell(() -> "control link cut for " + millis + " ms");
    world.network().cutControl(millis);
    world.source().connection().ifPresent(SimLink.Connection::cutNow);
  }

  /** A person does not wait for the link. */
  private void cutAndGiveUp(long millis) {
    cutControl(millis);
    cutChannels(millis);
    simulation.after(simulation.between(0, millis), world::givenUpAtSource);
  }

  private void cutChannels(long millis) {
    simulation.tell(() -> "channels cut for " + millis + " ms");
    world.network().cutChannels(millis);
    long sourceNotices = simulation.chance(70) ? 200 : 6000;
    long targetNotices = simulation.chance(70) ? 200 : 6000;
    world.disks().cut(sourceNotices);
    world
        .sourceHypervisor()
        .channels()
        .filter(c -> !c.broken())
        .ifPresent(c -> c.breakNow(sourceNotices, targetNotices));
  }

  /** Nothing is lost, nothing moves; silence for long enough is taken for a cut. */
  private void freeze(long millis) {
    simulation.tell(() -> "everything stands still for " + millis + " ms");
    world.network().freezeControl(millis);
    world.network().freezeChannels(millis);
    if (millis > 5000) {
      simulation.after(
          5000, () -> world.source().connection().ifPresent(SimLink.Connection::cutNow));
    }
  }

  private void killSource(long backAfter) {
    world.source().kill();
    simulation.after(backAfter, world::restartSource);
  }

  private void killTarget(long backAfter) {
    world.target().kill();
    simulation.after(backAfter, world::restartTarget);
  }
}
