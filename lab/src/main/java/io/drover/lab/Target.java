package io.drover.lab;

import io.drover.report.Verdict;
import io.drover.report.Verdict.Bound;
import java.util.OptionalDouble;

/** Something that has to hold, computed from what was measured. */
record Target(String text, Quantity quantity, Bound bound, double limit, String unit) {
  /** A number computed from samples. */
  sealed interface Quantity {}

  record Median(String caseName, String contender, Measure measure) implements Quantity {}

  record Worst(String caseName, String contender, Measure measure) implements Quantity {}

  record Ratio(Quantity of, Quantity to) implements Quantity {}

  /** Of the medians of one measure. */
  static Ratio ratio(String caseName, String of, String to, Measure measure) {
    return new Ratio(new Median(caseName, of, measure), new Median(caseName, to, measure));
  }

  Verdict judge(Samples samples) {
    return Verdict.of(text, limit, bound, value(quantity, samples), unit);
  }

  private static OptionalDouble value(Quantity quantity, Samples samples) {
    return switch (quantity) {
      case Median median ->
          Statistics.median(
              samples.values(median.caseName(), median.contender(), median.measure()));
      case Worst worst ->
          samples.values(worst.caseName(), worst.contender(), worst.measure()).stream()
              .mapToDouble(Double::doubleValue)
              .max();
      case Ratio ratio -> {
        OptionalDouble of = value(ratio.of(), samples);
        OptionalDouble to = value(ratio.to(), samples);
        yield of.isPresent() && to.isPresent() && to.getAsDouble() != 0
            ? OptionalDouble.of(of.getAsDouble() / to.getAsDouble())
            : OptionalDouble.empty();
      }
    };
  }
}
