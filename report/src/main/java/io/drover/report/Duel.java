package io.drover.report;

import io.drover.report.Yardstick.Better;
import java.util.Locale;
import java.util.OptionalDouble;

/** Drover beside another in one case by one yardstick. */
record Duel(Row ours, Row other, Better better) {
  /** Nearer than this is nobody's win. */
  private static final double SAME = 0.01;

  /** So many of the pairs of one's runs with the other's have to say what the medians say. */
  private static final double AGREEING = 0.8;

  /** Who is better. */
  enum Outcome {
    WINS,
    /** The medians are within a percent, or the runs of both lie too much among each other. */
    LEVEL,
    LOSES
  }

  /** Ours over the other's. */
  OptionalDouble ratio() {
    return Numbers.over(ours.median(), other.median());
  }

  Outcome outcome() {
    double difference = ours.median() - other.median();
    if (Math.abs(difference) <= SAME * Math.abs(other.median()) || runsDisagree()) {
      return Outcome.LEVEL;
    }
    return difference < 0 == (better == Better.LOWER) ? Outcome.WINS : Outcome.LOSES;
  }

  /** One run that was disturbed does not make a draw of what all others say. */
  private boolean runsDisagree() {
    double sign = Math.signum(ours.median() - other.median());
    long agreeing =
        ours.values().stream()
            .mapToLong(
                one ->
                    other.values().stream().filter(two -> Math.signum(one - two) == sign).count())
            .sum();
    return agreeing < AGREEING * ours.values().size() * other.values().size();
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
