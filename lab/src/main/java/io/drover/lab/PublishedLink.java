package io.drover.lab;

import io.drover.lab.Experiment.Case;
import io.drover.model.ByteRate;
import io.drover.model.Mode;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One of the article's links, with what was published for it.
 *
 * @param seconds hybrid's total time, from no stress on in steps of 1024 MB
 * @param downtimeSeconds hybrid's, likewise
 * @param precopyMebibytes about the most stress with which pre-copy converged
 */
record PublishedLink(
    String group,
    ByteRate rate,
    List<Double> seconds,
    List<Double> downtimeSeconds,
    int precopyMebibytes) {

  private static final double LEVEL_STEP = 1024;

  static final PublishedLink GIGABIT =
      new PublishedLink(
          "1 Gbit/s",
          new ByteRate(125_000_000),
          List.of(11.9, 28.9, 47.0, 64.4, 81.3, 96.3, 116.4, 133.4, 151.8),
          List.of(0.3, 0.3, 0.3, 0.3, 0.3, 0.4, 0.4, 0.6, 0.6),
          32);

  static final PublishedLink TEN_GIGABIT =
      new PublishedLink(
          "10 Gbit/s",
          new ByteRate(1_250_000_000),
          List.of(8.3, 11.6, 14.9, 18.6, 22.1, 26.1, 29.9, 34.5, 40.5),
          List.of(0.2, 0.2, 0.2, 0.2, 0.4, 0.4, 0.3, 0.4, 0.5),
          400);

  PublishedLink {
    seconds = List.copyOf(seconds);
    downtimeSeconds = List.copyOf(downtimeSeconds);
  }

  LinkShape shape() {
    return LinkShape.ofRate(rate);
  }

  /** The guest of one level. */
  Case stressed(int mebibytes) {
    return new Case(
        "%s, %d MB".formatted(group, mebibytes),
        group,
        OptionalDouble.of(mebibytes),
        shape(),
        mebibytes == 0 ? new Workload.Idle() : new Workload.Stress(mebibytes),
        Mode.HYBRID);
  }

  Optional<Double> secondsAt(int mebibytes) {
    return at(mebibytes, seconds);
  }

  Optional<Double> downtimeAt(int mebibytes) {
    return at(mebibytes, downtimeSeconds);
  }

  private static Optional<Double> at(int mebibytes, List<Double> row) {
    double level = mebibytes / LEVEL_STEP;
    return level == Math.rint(level) && level < row.size()
        ? Optional.of(row.get((int) level))
        : Optional.empty();
  }
}
