package io.drover.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.drover.model.Problem;
import java.util.List;
import java.util.Optional;

/**
 * One measure of one contender in one case.
 *
 * @param values one for each run that succeeded, at least one, all finite
 * @param source who published it and where; empty if it was measured here
 */
public record Row(
    String contender,
    @JsonProperty("case") String caseName,
    String measure,
    String unit,
    List<Double> values,
    double min,
    double median,
    double max,
    Optional<String> source) {

  public Row {
    values = List.copyOf(values);
    if (values.isEmpty() || !values.stream().allMatch(Double::isFinite)) {
      throw Problem.usage(
              "bad-results",
              "'%s' of '%s' in '%s' needs finite numbers and has %s"
                  .formatted(measure, contender, caseName, values),
              "Leave out what could not be measured.")
          .asException();
    }
  }

  /** Measured here. */
  public static Row of(
      String contender, String caseName, String measure, String unit, List<Double> values) {
    return of(contender, caseName, measure, unit, values, Optional.empty());
  }

  /** Published by somebody else. */
  public static Row published(
      String contender, String caseName, String measure, String unit, double value, String source) {
    return of(contender, caseName, measure, unit, List.of(value), Optional.of(source));
  }

  private static Row of(
      String contender,
      String caseName,
      String measure,
      String unit,
      List<Double> values,
      Optional<String> source) {
    Spread spread = Spread.of(values);
    return new Row(
        contender,
        caseName,
        measure,
        unit,
        values,
        spread.min(),
        spread.median(),
        spread.max(),
        source);
  }
}
