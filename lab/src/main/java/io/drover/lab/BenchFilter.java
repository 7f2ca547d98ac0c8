package io.drover.lab;

import io.drover.model.Problem;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Which part of an experiment is wanted: names of cases and contenders, with {@code *} for any
 * letters; none at all means every one.
 */
record BenchFilter(List<String> cases, List<String> contenders) {
  static final BenchFilter ALL = new BenchFilter(List.of(), List.of());

  BenchFilter {
    cases = List.copyOf(cases);
    contenders = List.copyOf(contenders);
  }

  /** What of the plan is wanted. What names nothing is refused: it would measure nothing. */
  List<Piece> apply(List<Piece> plan) {
    require("case", "cases", cases, plan.stream().map(Piece::caseName).distinct().toList());
    require(
        "contender",
        "contenders",
        contenders,
        plan.stream().map(Piece::contender).distinct().toList());
    return plan.stream()
        .filter(piece -> matches(cases, piece.caseName()))
        .filter(piece -> matches(contenders, piece.contender()))
        .toList();
  }

  private static void require(String one, String many, List<String> wanted, List<String> names) {
    for (String pattern : wanted) {
      if (names.stream().noneMatch(name -> matches(List.of(pattern), name))) {
        throw Problem.usage(
                "no-such-" + one,
                "No %s of this experiment is named '%s'".formatted(one, pattern),
                "Its %s: %s.".formatted(many, String.join("; ", names)))
            .asException();
      }
    }
  }

  private static boolean matches(List<String> patterns, String name) {
    return patterns.isEmpty()
        || patterns.stream()
            .anyMatch(
                pattern ->
                    Pattern.compile(
                            "\\Q" + pattern.replace("*", "\\E.*\\Q") + "\\E",
                            Pattern.CASE_INSENSITIVE)
                        .matcher(name)
                        .matches());
  }
}
