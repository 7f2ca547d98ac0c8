package io.drover.lab;

import io.drover.model.Mode;
import io.drover.model.Transport;
import java.util.List;
import java.util.Optional;

/**
 * A declaration of what is measured; {@link BenchRunner} knows how.
 *
 * @param question what a reader learns from it, in one sentence
 * @param measures the ones that are shown, of those that the procedure takes
 */
record Experiment(
    String name,
    String question,
    Procedure procedure,
    List<Measure> measures,
    List<Target> targets,
    List<Published> published) {

  Experiment {
    measures = List.copyOf(measures);
    targets = List.copyOf(targets);
    published = List.copyOf(published);
  }

  /** What is done again and again. */
  sealed interface Procedure {}

  /** One guest moves there and back, the contenders taking turns. */
  record Moves(List<Case> cases, List<Contender> contenders) implements Procedure {
    public Moves {
      cases = List.copyOf(cases);
      contenders = List.copyOf(contenders);
    }
  }

  /** {@code drover} with these arguments is run against a lab's agent. */
  record ClientCommand(List<String> arguments) implements Procedure {
    public ClientCommand {
      arguments = List.copyOf(arguments);
    }

    String caseName() {
      return String.join(" ", arguments);
    }
  }

  /** So many guests move at once, each slowly; the agents' memory is looked at meanwhile. */
  record ManyMoves(int guests) implements Procedure {
    String caseName() {
      return guests + " at once";
    }
  }

  /** A guest and a link. */
  record Case(String name, LinkShape shape, Workload workload, Mode mode) {}

  /**
   * One way of moving.
   *
   * @param mode instead of the case's
   */
  record Contender(String name, Transport transport, Optional<Mode> mode) {
    static Contender of(String name, Transport transport) {
      return new Contender(name, transport, Optional.empty());
    }

    static Contender of(String name, Transport transport, Mode mode) {
      return new Contender(name, transport, Optional.of(mode));
    }
  }

  /** A number that somebody else published, for the column beside ours. */
  record Published(String caseName, String measure, double value, String source) {}
}
