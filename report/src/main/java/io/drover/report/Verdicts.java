package io.drover.report;

import io.drover.report.Duel.Outcome;
import io.drover.report.Findings.Comparison;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What the numbers say, in sentences. */
record Verdicts(
    List<String> summary,
    List<String> wins,
    List<String> losses,
    List<String> level,
    List<String> published) {
  private static final int NAMED = 4;

  static Verdicts of(Results results) {
    Findings findings = Findings.of(results);
    return new Verdicts(
        summary(results, findings),
        sentences(findings, Outcome.WINS),
        sentences(findings, Outcome.LOSES),
        sentences(findings, Outcome.LEVEL),
        findings.toPublished().stream().map(Verdicts::published).toList());
  }

  /** The shortest answer: a sentence for each yardstick, then the targets and what failed. */
  private static List<String> summary(Results results, Findings findings) {
    List<String> sentences = new ArrayList<>();
    for (Yardstick yardstick : results.yardsticks()) {
      List<Comparison> by =
          findings.comparisons().stream()
              .filter(comparison -> comparison.yardstick().equals(yardstick))
              .toList();
      if (!by.isEmpty()) {
        sentences.add(standing(yardstick, by));
      }
    }
    if (sentences.isEmpty()) {
      sentences.add(
          results.measures().isEmpty()
              ? "Nothing was measured, so there is no verdict."
              : "Nothing here was measured of both Drover and a stock tool, so nobody wins.");
    }
    if (!results.targets().isEmpty()) {
      long held = results.targets().stream().filter(Verdict::holds).count();
      sentences.add(
          "%d of %s."
              .formatted(held, counted(results.targets().size(), "target holds", "targets hold")));
    }
    if (!results.failures().isEmpty()) {
      sentences.add(
          counted(results.failures().size(), "run failed", "runs failed")
              + " and "
              + (results.failures().size() == 1 ? "is" : "are")
              + " left out of the numbers.");
    }
    if (!results.measures().isEmpty()
        && results.measures().stream().allMatch(row -> row.values().size() == 1)) {
      sentences.add("Every number is from one run: a small difference may be chance.");
    }
    return sentences;
  }

  private static String standing(Yardstick yardstick, List<Comparison> by) {
    List<Duel> duels = by.stream().flatMap(comparison -> comparison.duels().stream()).toList();
    long wins = count(duels, Outcome.WINS);
    long losses = count(duels, Outcome.LOSES);
    long level = count(duels, Outcome.LEVEL);
    String rest =
        (losses == 0 ? ", loses none" : ", loses %d".formatted(losses))
            + (level == 0
                ? ""
                : ", and %d %s too close to call".formatted(level, level == 1 ? "is" : "are"));
    return "%s (%s is better): Drover wins %d of %s%s."
        .formatted(
            capital(yardstick.measure()),
            yardstick.better() == Yardstick.Better.LOWER ? "less" : "more",
            wins,
            counted(duels.size(), "comparison", "comparisons"),
            rest);
  }

  private static long count(List<Duel> duels, Outcome outcome) {
    return duels.stream().filter(duel -> duel.outcome() == outcome).count();
  }

  private static List<String> sentences(Findings findings, Outcome outcome) {
    List<String> sentences = new ArrayList<>();
    for (Comparison comparison : findings.comparisons()) {
      List<Duel> duels = comparison.of(outcome);
      if (!duels.isEmpty()) {
        sentences.add(sentence(comparison, duels, outcome));
      }
    }
    return sentences;
  }

  private static String sentence(Comparison comparison, List<Duel> duels, Outcome outcome) {
    String head =
        "%s, %s against %s: "
            .formatted(
                capital(comparison.yardstick().measure()),
                comparison.drover().name(),
                comparison.other().name());
    int all = comparison.duels().size();
    String where =
        all == 1
            ? ""
            : all == duels.size()
                ? "in all %d cases, ".formatted(all)
                : "in %d of %d cases, ".formatted(duels.size(), all);
    return switch (outcome) {
      case WINS ->
          head
              + where
              + (duels.size() == 1
                  ? detail(duels.getFirst())
                  : "from %s to %s".formatted(detail(duels.getLast()), detail(duels.getFirst())))
              + ".";
      case LOSES -> head + where + listed(duels.reversed()) + ".";
      case LEVEL ->
          head + where + (duels.size() == 1 ? "" : "at worst ") + detail(duels.getLast()) + ".";
    };
  }

  private static String listed(List<Duel> worstFirst) {
    String some =
        worstFirst.stream().limit(NAMED).map(Verdicts::detail).collect(Collectors.joining("; "));
    int more = worstFirst.size() - NAMED;
    return more > 0 ? some + "; and %d more, less so".formatted(more) : some;
  }

  private static String detail(Duel duel) {
    return "%s (%s instead of %s, at %s)"
        .formatted(
            duel.difference(),
            Numbers.withUnit(duel.ours().median(), duel.ours().unit()),
            Numbers.withUnit(duel.other().median(), duel.other().unit()),
            duel.ours().caseName());
  }

  private static String published(Comparison comparison) {
    long better = comparison.duels().stream().filter(duel -> duel.advantage() > 0).count();
    double ratio = comparison.medianRatio();
    return "%s, %s beside %s: better in %d of %s%s."
        .formatted(
            capital(comparison.yardstick().measure()),
            comparison.drover().name(),
            comparison.other().name(),
            better,
            counted(comparison.duels().size(), "case", "cases"),
            Double.isNaN(ratio)
                ? ""
                : ", in the middle %s times the published number".formatted(Numbers.ratio(ratio)));
  }

  static String counted(long count, String one, String many) {
    return count + " " + (count == 1 ? one : many);
  }

  private static String capital(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + text.substring(1);
  }
}
