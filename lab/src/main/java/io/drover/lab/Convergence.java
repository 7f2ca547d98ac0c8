package io.drover.lab;

import io.drover.api.MigrationView;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * When a pre-copy is given up. One that gets through all of memory in T and whose guest rewrites a
 * share q of what is sent meanwhile ends after about T ÷ (1 − q). Five times its own first pass, as
 * measured, gives it until q = 0.8; the seconds beside that are for small guests, whose passes are
 * shorter than what goes on around them. What needs longer may converge some day but is of no use
 * to anybody.
 *
 * <p>Threads: one.
 */
final class Convergence {
  private static final double PASSES = 5;
  private static final double SECONDS = 5;

  private OptionalDouble firstPass = OptionalDouble.empty();

  /** Asked at every look at the migration: why it should be given up, if it should. */
  Optional<String> lost(MigrationView view) {
    if (view.outcome().isPresent()) {
      return Optional.empty();
    }
    if (firstPass.isEmpty() && view.passes() >= 2) {
      firstPass = OptionalDouble.of(view.elapsedSeconds());
    }
    if (firstPass.isEmpty() || view.elapsedSeconds() < PASSES * firstPass.getAsDouble() + SECONDS) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            Locale.ROOT,
            "It does not converge: the first pass took %.1f s, and after %.1f s and %d passes it was"
                + " still sending what the guest rewrote.",
            firstPass.getAsDouble(),
            view.elapsedSeconds(),
            view.passes() - 1));
  }
}
