package io.drover.api;

import io.drover.model.ContinuityStep;
import java.util.Locale;

/**
 * One of the things done so that a guest stays reachable when it moves.
 *
 * @param state planned, done, failed or undone
 */
public record ContinuityView(
    String name, String host, String state, String finding, double millis) {
  public static ContinuityView of(ContinuityStep step) {
    return new ContinuityView(
        step.name(),
        step.host(),
        step.state().name().toLowerCase(Locale.ROOT),
        step.finding(),
        step.millis());
  }
}
