package io.drover.api;

import io.drover.model.Problem;
import java.util.Locale;

/** A {@link Problem} as JSON; also the body of every error answer. */
public record ProblemView(String kind, String code, String message, String remedy) {
  public static ProblemView of(Problem problem) {
    return new ProblemView(
        problem.kind().name().toLowerCase(Locale.ROOT),
        problem.code(),
        problem.message(),
        problem.remedy());
  }

  public Problem problem() {
    Problem.Kind parsed = Problem.Kind.BUG;
    for (Problem.Kind candidate : Problem.Kind.values()) {
      if (candidate.name().equalsIgnoreCase(kind)) {
        parsed = candidate;
      }
    }
    return new Problem(parsed, code, message, remedy);
  }
}
