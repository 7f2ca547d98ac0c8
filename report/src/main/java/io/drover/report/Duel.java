package io.drover.report;

import io.drover.report.Yardstick.Better;
import java.util.Locale;
import java.util.OptionalDouble;

/** Drover beside another in one case by one yardstick. */
record Duel(Row ours, Row other, Better better) {
  /** Nearer than this is nobody's win. */
  private static final double SAME = 0.01;

  /** Who is better. */
  enum Outcome {
    WINS,
    /** The medians are within a percent, or the runs of both overlap. */
    LEVEL,
    LOSES
  }

  /** Ours over the other's. */
  OptionalDouble ratio() {
    return Numbers.over(ours.median(), other.median());
  }

  Outcome outcome() {
    double difference = ours.median() - other.median();
    if (Math.abs(difference) <= SAME * Math.abs(other.median()) || runsOverlap()) {
      return Outcome.LEVEL;
    }
    return difference < 0 == (better == Better.LOWER) ? Outcome.WINS : Outcome.LOSES;
  }

  /** One run says nothing about how far runs lie apart. */
  private boolean runsOverlap() {
    return ours.values().size() > 1
        && other.values().size() > 1
        && ours.min() <= other.max()
        && other.min() <= ours.max();
  }

  /** By how much our median is better: above 0 if it is, 0.5 for half as much or for half more. */
  double advantage() {
    double share = ratio().orElse(ours.median() == 0 ? 1 : 2) - 1;
    return better == Better.LOWER ? -share : share;
  }

  /** Such as "43 % less than". */
  String difference() {
    if (ratio().isEmpty()) {
      return ours.median() == 0 ? "the same as" : "more than";
    }
    return difference(ratio().getAsDouble());
  }

  static String difference(double ratio) {
    if (ratio >= 2) {
      return Numbers.ratio(ratio) + " times as much as";
    }
    double percent = Math.abs(ratio - 1) * 100;
    if (percent < 0.5) {
      return "the same as";
    }
    // Of what is almost gone a whole percent is too coarse.
    String number =
        percent > 99
            ? String.format(Locale.ROOT, "%.1f", percent)
            : Long.toString(Math.round(percent));
    return "%s\u00a0%% %s than".formatted(number, ratio < 1 ? "less" : "more");
  }
}
