package io.drover.testkit;

import io.drover.migration.HypervisorEvent;
import java.util.function.Consumer;

/** What one hypervisor says: in order, each a little later than it happened. */
final class SimEventStream {
  private final Simulation simulation;
  private final Consumer<HypervisorEvent> subscriber;
  private final String name;
  private long lastAtMillis;

  SimEventStream(Simulation simulation, Consumer<HypervisorEvent> subscriber, String name) {
    this.simulation = simulation;
    this.subscriber = subscriber;
    this.name = name;
  }

  void emit(HypervisorEvent event) {
    simulation.tell(() -> name + " says " + event);
    lastAtMillis = Math.max(lastAtMillis, simulation.nowMillis() + simulation.between(0, 40));
    simulation.at(lastAtMillis, () -> subscriber.accept(event));
  }
}
