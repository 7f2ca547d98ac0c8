package io.drover.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.OptionalDouble;

/**
 * A target and what became of it. It is computed: one that contradicts its own numbers cannot be
 * made, and one that was not measured does not hold.
 */
public record Verdict(
    String text, double limit, Bound bound, OptionalDouble measured, String unit, boolean holds) {
  /** On which side of the limit is good. */
  public enum Bound {
    @JsonProperty("at most")
    AT_MOST("at most"),
    @JsonProperty("at least")
    AT_LEAST("at least");

    private final String words;

    Bound(String words) {
      this.words = words;
    }

    /** As people say it. */
    public String words() {
      return words;
    }
  }

  public Verdict {
    if (holds != holds(limit, bound, measured)) {
      throw new IllegalStateException(
          "'%s' says holds=%s with %s, which should be %s %s"
              .formatted(text, holds, measured, bound.words(), limit));
    }
  }

  public static Verdict of(
      String text, double limit, Bound bound, OptionalDouble measured, String unit) {
    return new Verdict(text, limit, bound, measured, unit, holds(limit, bound, measured));
  }

  private static boolean holds(double limit, Bound bound, OptionalDouble measured) {
    return measured.isPresent()
        && switch (bound) {
          case AT_MOST -> measured.getAsDouble() <= limit;
          case AT_LEAST -> measured.getAsDouble() >= limit;
        };
  }
}
