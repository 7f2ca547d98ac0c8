package io.drover.lab;

import io.drover.report.Series;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What came of one run that did not fail.
 *
 * @param absence why there are no values although nothing went wrong, in one sentence: a migration
 *     that does not converge, for example
 * @param linkUse megabits a second towards the target, over the seconds since the order
 */
record Measured(Map<Measure, Double> values, Optional<String> absence, List<Series.Point> linkUse) {

  Measured {
    values = Map.copyOf(values);
    linkUse = List.copyOf(linkUse);
  }

  static Measured of(Map<Measure, Double> values) {
    return new Measured(values, Optional.empty(), List.of());
  }

  static Measured absent(String reason) {
    return new Measured(Map.of(), Optional.of(reason), List.of());
  }
}
