package io.drover.report;

import java.util.OptionalDouble;

/**
 * Under which conditions something is measured.
 *
 * @param group cases that belong on one chart, such as those of one link
 * @param x where it stands on a curve, such as the stressed memory in MB
 */
public record CaseKey(String name, String group, OptionalDouble x) {
  public static CaseKey of(String name) {
    return new CaseKey(name, "", OptionalDouble.empty());
  }

  public static CaseKey at(String name, String group, double x) {
    return new CaseKey(name, group, OptionalDouble.of(x));
  }
}
