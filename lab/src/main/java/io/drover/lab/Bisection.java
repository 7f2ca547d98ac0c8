package io.drover.lab;

import java.util.Map;
import java.util.OptionalInt;

/**
 * Finds the largest value that works from what is known so far; keeps no state, so that it goes on
 * wherever it was interrupted.
 *
 * @param largest above which nobody asks
 * @param step how exactly the answer is wanted
 */
record Bisection(int largest, int step) {
  Bisection {
    if (step < 1 || largest < step) {
      throw new IllegalArgumentException("steps of " + step + " up to " + largest);
    }
  }

  /**
   * What to try next; nothing once the answer is known.
   *
   * @param known what was tried, and whether it worked
   */
  OptionalInt next(Map<Integer, Boolean> known) {
    int fails = smallestFailure(known);
    int works = limit(known);
    if (works >= largest) {
      return OptionalInt.empty();
    }
    if (fails == Integer.MAX_VALUE) {
      return OptionalInt.of(largest);
    }
    fails = Math.min(fails, largest + step);
    if (fails - works <= step) {
      return OptionalInt.empty();
    }
    int middle = works + (fails - works) / 2;
    int rounded = Math.max(middle / step * step, (works / step + 1) * step);
    return rounded < fails ? OptionalInt.of(rounded) : OptionalInt.empty();
  }

  /** The largest value below the smallest failure that worked; 0 if none did. */
  int limit(Map<Integer, Boolean> known) {
    int fails = smallestFailure(known);
    return known.entrySet().stream()
        .filter(entry -> entry.getValue() && entry.getKey() < fails)
        .mapToInt(Map.Entry::getKey)
        .max()
        .orElse(0);
  }

  private static int smallestFailure(Map<Integer, Boolean> known) {
    return known.entrySet().stream()
        .filter(entry -> !entry.getValue())
        .mapToInt(Map.Entry::getKey)
        .min()
        .orElse(Integer.MAX_VALUE);
  }
}
