package io.drover.lab;

import java.util.OptionalDouble;

/** Something that has to hold, computed from what was measured. */
record Target(String text, Quantity quantity, Bound bound, double limit) {
  enum Bound {
    AT_LEAST,
    AT_MOST
  }

  /** A number computed from samples. */
  sealed interface Quantity {}

  record Median(String caseName, String contender, Measure measure) implements Quantity {}

  record Worst(String caseName, String contender, Measure measure) implements Quantity {}

  record Ratio(Quantity of, Quantity to) implements Quantity {}

  /** A target with its verdict; without samples nothing was measured and it does not hold. */
  record Verdict(String text, String limit, OptionalDouble measured, boolean holds) {}

  Verdict judge(Samples samples) {
    OptionalDouble measured = value(quantity, samples);
    boolean holds =
        measured.isPresent()
            && switch (bound) {
              case AT_LEAST -> measured.getAsDouble() >= limit;
              case AT_MOST -> measured.getAsDouble() <= limit;
            };
    String words = (bound == Bound.AT_LEAST ? "at least " : "at most ") + number(limit);
    return new Verdict(text, words, measured, holds);
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

  private static String number(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }
}
