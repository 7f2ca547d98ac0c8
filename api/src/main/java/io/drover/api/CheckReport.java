package io.drover.api;

import java.util.List;

/** What {@code --dry-run} found. */
public record CheckReport(
    boolean possible,
    String guest,
    String to,
    String mode,
    String reason,
    double predictedSeconds,
    double predictedDowntimeMillis,
    List<Check> checks) {

  /**
   * One thing that was looked at.
   *
   * @param passed false stops the migration; a passed check may still carry a warning as remedy
   */
  public record Check(String name, boolean passed, String finding, String remedy) {}
}
