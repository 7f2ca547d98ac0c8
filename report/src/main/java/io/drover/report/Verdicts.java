package io.drover.report;

import io.drover.report.Duel.Outcome;
import io.drover.report.Findings.Comparison;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What the numbers say, in sentences. */
record Verdicts(
    List<String> summary,
    List<String> losses,
    List<String> wins,
    List<String> close,
    List<String> published) {
  private static final int NAMED = 4;

  static Verdicts of(Results results) {
    Findings findings = Findings.of(results);
    return new Verdicts(
        summary(results, findings),
        sentences(findings, Outcome.LOSES),
        sentences(findings, Outcome.WINS),
        sentences(findings, Outcome.LEVEL),
        findings.toPublished().stream().map(Verdicts::published).toList());
  }

  /** The shortest answer: a sentence for each yardstick, then the targets and what failed. */
  private static List<String> summary(Results results, Findings findings) {
    List<String> sentences = new ArrayList<>();
    for (Yardstick yardstick : findings.yardsticks()) {
      sentences.add(
          "%s: %s."
              .formatted(
                  capital(yardstick.measure()),
                  findings.by(yardstick).stream()
                      .map(Verdicts::standing)
                      .collect(Collectors.joining("; "))));
    }
    if (sentences.isEmpty()) {
      sentences.add(
          results.measures().isEmpty()
              ? "Nothing was measured, so there is no verdict."
              : "Nothing was measured of both Drover and a stock tool, so nobody wins.");
    }
    if (!results.targets().isEmpty()) {
      long held = results.targets().stream().filter(Verdict::holds).count();
      sentences.add("Targets: %d of %d hold.".formatted(held, results.targets().size()));
    }
    int failed = results.failures().size();
    if (failed > 0) {
      sentences.add(
          failed == 1
              ? "1 run failed and is left out of the numbers."
              : "%d runs failed and are left out of the numbers.".formatted(failed));
    }
    if (!results.measures().isEmpty()
        && results.measures().stream().allMatch(row -> row.values().size() == 1)) {
      sentences.add("Every number is from one run: a small difference may be chance.");
    }
    return sentences;
  }

  private static String standing(Comparison comparison) {
    return "%s %s %s (%s)"
        .formatted(
            comparison.drover().name(),
            comparison.difference(),
            comparison.other().name(),
            tally(comparison));
  }

  /** Such as "wins 17 of 18 cases, loses 1". */
  static String tally(Comparison comparison) {
    int all = comparison.duels().size();
    int wins = comparison.of(Outcome.WINS).size();
    int close = comparison.of(Outcome.LEVEL).size();
    int losses = comparison.of(Outcome.LOSES).size();
    if (all == 1) {
      return wins == 1 ? "Drover wins" : losses == 1 ? "Drover loses" : "too close to call";
    }
    List<String> parts = new ArrayList<>();
    parts.add(
        wins == all
            ? "wins all %d cases".formatted(all)
            : "wins %d of %d cases".formatted(wins, all));
    if (close > 0) {
      parts.add("%d too close to call".formatted(close));
    }
    if (wins < all) {
      parts.add(losses == 0 ? "loses none" : "loses %d".formatted(losses));
    }
    return String.join(", ", parts);
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

  private static String sentence(Comparison comparison, List<Duel> bestFirst, Outcome outcome) {
    int all = comparison.duels().size();
    int some = bestFirst.size();
    String where =
        all == 1
            ? ""
            : all == some
                ? "in all %d cases, ".formatted(all)
                : "in %d of %d cases, ".formatted(some, all);
    String details =
        switch (outcome) {
          case WINS ->
              some == 1
                  ? detail(bestFirst.getFirst())
                  : "from %s to %s"
                      .formatted(detail(bestFirst.getLast()), detail(bestFirst.getFirst()));
          case LOSES -> listed(bestFirst.reversed());
          case LEVEL ->
              bestFirst.getLast().advantage() > 0
                  ? "Drover's median is the better one, but the runs of both lie among each other"
                  : (some == 1 ? "" : "at worst ") + detail(bestFirst.getLast());
        };
    return "%s, %s against %s: %s%s."
        .formatted(
            capital(comparison.yardstick().measure()),
            comparison.drover().name(),
            comparison.other().name(),
            where,
            details);
  }

  private static String listed(List<Duel> worstFirst) {
    String some =
        worstFirst.stream().limit(NAMED).map(Verdicts::detail).collect(Collectors.joining("; "));
    int more = worstFirst.size() - NAMED;
    return more > 0 ? some + "; and %d more cases, by less".formatted(more) : some;
  }

  private static String detail(Duel duel) {
    return "%s (%s: %s instead of %s)"
        .formatted(
            duel.difference().replaceAll(" (than|as)$", ""),
            duel.ours().caseName(),
            Numbers.withUnit(duel.ours().median(), duel.ours().unit()),
            Numbers.withUnit(duel.other().median(), duel.other().unit()));
  }

  private static String published(Comparison comparison) {
    long better = comparison.duels().stream().filter(duel -> duel.advantage() > 0).count();
    int all = comparison.duels().size();
    return "%s: %s %s %s; better in %d of %s."
        .formatted(
            capital(comparison.yardstick().measure()),
            comparison.drover().name(),
            comparison.difference(),
            comparison.other().name(),
            better,
            all == 1 ? "1 case" : all + " cases");
  }

  static String capital(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }
}
