package io.drover.migration;

import io.drover.model.Outcome;
import io.drover.model.Problem;
import java.util.Optional;

/** How a migration ended, and what a person should know about it. */
public record Ending(Outcome outcome, Optional<Problem> problem) {
  static Ending of(Outcome outcome) {
    return new Ending(outcome, Optional.empty());
  }

  static Ending of(Outcome outcome, Problem problem) {
    return new Ending(outcome, Optional.of(problem));
  }
}
