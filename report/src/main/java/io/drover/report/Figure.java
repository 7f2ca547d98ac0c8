package io.drover.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.OptionalDouble;

/** Declares a picture; knows nothing of experiments. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Figure.Curve.class, name = "curve"),
  @JsonSubTypes.Type(value = Figure.Bars.class, name = "bars"),
  @JsonSubTypes.Type(value = Figure.Distribution.class, name = "distribution"),
  @JsonSubTypes.Type(value = Figure.Timeline.class, name = "timeline")
})
public sealed interface Figure {
  String title();

  String measure();

  String unit();

  /** A line for each contender over the x of the cases of one group. */
  record Curve(String title, String measure, String unit, String xLabel, String group)
      implements Figure {}

  /** Contenders side by side, for each case that has such a measure. */
  record Bars(String title, String measure, String unit) implements Figure {}

  /** Every run of each contender in one case. */
  record Distribution(
      String title, String measure, String unit, @JsonProperty("case") String caseName)
      implements Figure {}

  /**
   * What was seen during the runs of one case.
   *
   * @param ceiling what cannot be exceeded, such as the link's rate
   */
  record Timeline(
      String title,
      String measure,
      String unit,
      @JsonProperty("case") String caseName,
      OptionalDouble ceiling)
      implements Figure {}
}
