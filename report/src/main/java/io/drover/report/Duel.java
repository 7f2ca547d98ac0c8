package io.drover.report;

import io.drover.report.Yardstick.Better;
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

  /** Such as "43 % less". */
  String difference() {
    if (ratio().isEmpty()) {
      return ours.median() == 0 ? "the same" : "instead of 0";
    }
    double ratio = ratio().getAsDouble();
    if (ratio >= 2) {
      return Numbers.ratio(ratio) + " times as much";
    }
    double percent = Math.abs(ratio - 1) * 100;
    String number = percent < 1 ? "under 1" : Long.toString(Math.round(percent));
    return percent < 0.05 ? "the same" : number + " % " + (ratio < 1 ? "less" : "more");
  }
}
