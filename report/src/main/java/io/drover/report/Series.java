package io.drover.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * What was seen during one run, such as the use of the link.
 *
 * @param run counted from 1
 */
public record Series(
    String contender,
    @JsonProperty("case") String caseName,
    int run,
    String measure,
    String unit,
    List<Point> points) {

  /**
   * One sample.
   *
   * @param seconds since the order
   */
  public record Point(double seconds, double value) {}

  public Series {
    points = List.copyOf(points);
  }
}
