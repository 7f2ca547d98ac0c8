package io.drover.report;

import io.drover.report.ContenderKey.Kind;
import io.drover.report.Yardstick.Better;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Who wins where and by how much, computed from the numbers alone. */
record Findings(List<Comparison> comparisons, List<Comparison> toPublished) {
  /** A contender of Drover's beside one other, by one yardstick, in every case that both have. */
  record Comparison(
      ContenderKey drover, ContenderKey other, Yardstick yardstick, List<Duel> duels) {
    List<Duel> of(Duel.Outcome outcome) {
      return duels.stream()
          .filter(duel -> duel.outcome() == outcome)
          .sorted(Comparator.comparingDouble(Duel::advantage).reversed())
          .toList();
    }

    /** Such as "34 % less than": the one in the middle of all cases. */
    String difference() {
      List<Double> ratios =
          duels.stream().flatMapToDouble(duel -> duel.ratio().stream()).boxed().toList();
      return ratios.isEmpty()
          ? duels.getFirst().difference()
          : Duel.difference(Spread.of(ratios).median());
    }
  }

  /** Those by which anything could be compared. */
  List<Yardstick> yardsticks() {
    return comparisons.stream().map(Comparison::yardstick).distinct().toList();
  }

  List<Comparison> by(Yardstick yardstick) {
    return comparisons.stream()
        .filter(comparison -> comparison.yardstick().equals(yardstick))
        .toList();
  }

  static Findings of(Results results) {
    List<Comparison> comparisons = new ArrayList<>();
    List<Comparison> toPublished = new ArrayList<>();
    for (Yardstick yardstick : results.yardsticks()) {
      if (yardstick.better() == Better.NEITHER) {
        continue;
      }
      for (ContenderKey drover : results.of(Kind.DROVER)) {
        for (ContenderKey stock : results.of(Kind.STOCK)) {
          if (drover.against().map(stock.name()::equals).orElse(false)) {
            add(results, drover, stock, yardstick, comparisons);
          }
        }
        for (ContenderKey published : results.of(Kind.PUBLISHED)) {
          if (isComparable(drover, published)) {
            add(results, drover, published, yardstick, toPublished);
          }
        }
      }
    }
    return new Findings(comparisons, toPublished);
  }

  /** A published number stands beside ours if both name the same stock tool, or it names none. */
  static boolean isComparable(ContenderKey drover, ContenderKey published) {
    return published.against().isEmpty() || published.against().equals(drover.against());
  }

  private static void add(
      Results results,
      ContenderKey drover,
      ContenderKey other,
      Yardstick yardstick,
      List<Comparison> comparisons) {
    List<Duel> duels = new ArrayList<>();
    for (CaseKey where : results.cases()) {
      results
          .any(drover.name(), where.name(), yardstick.measure())
          .ifPresent(
              ours ->
                  results
                      .any(other.name(), where.name(), yardstick.measure())
                      .ifPresent(theirs -> duels.add(new Duel(ours, theirs, yardstick.better()))));
    }
    if (!duels.isEmpty()) {
      comparisons.add(new Comparison(drover, other, yardstick, duels));
    }
  }
}
