package io.drover.lab;

import java.util.Map;
import java.util.Optional;

/**
 * One run of one contender.
 *
 * @param values empty when it failed
 */
record Sample(
    String caseName,
    String contender,
    int run,
    Map<Measure, Double> values,
    Optional<String> failure) {

  Sample {
    values = Map.copyOf(values);
  }
}
