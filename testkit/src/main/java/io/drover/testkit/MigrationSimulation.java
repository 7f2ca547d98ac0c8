package io.drover.testkit;

import io.drover.testkit.Simulation.Tracing;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Runs one migration of one guest between two simulated hosts, with the faults that the seed
 * chooses, and checks Drover's rules after every event.
 */
public final class MigrationSimulation {
  private MigrationSimulation() {}

  /**
   * What became of a run.
   *
   * @param failure the rule that was broken, or the exception that was thrown
   * @param notes what was allowed and is worth counting, such as outcomes
   * @param trace what happened, if it was asked for
   */
  public record Result(
      long seed, Optional<String> failure, Map<String, Integer> notes, List<String> trace) {

    /** The whole story, for a person. */
    public String story() {
      return "seed %d: %s%n%s"
          .formatted(seed, failure.orElse("all rules held"), String.join("\n", trace));
    }
  }

  /** Runs a seed; one that fails is run again to tell its story. */
  public static Result run(long seed, Machines machines) {
    Result quick = run(seed, machines, Tracing.OFF);
    return quick.failure().isEmpty() ? quick : run(seed, machines, Tracing.ON);
  }

  public static Result run(long seed, Machines machines, Tracing tracing) {
    Simulation simulation = new Simulation(seed, tracing);
    SimWorld world = new SimWorld(simulation, machines);
    Optional<String> failure = Optional.empty();
    try {
      world.run();
    } catch (Violation e) {
      failure = Optional.of(String.valueOf(e.getMessage()));
    } catch (IllegalStateException | IllegalArgumentException e) {
      failure = Optional.of("thrown: " + e);
    }
    if (failure.isPresent()) {
      simulation.tell(world::toString);
    }
    return new Result(seed, failure, Map.copyOf(world.rules().notes()), simulation.trace());
  }
}
