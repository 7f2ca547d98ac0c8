package io.drover.model;

import java.util.Locale;

/**
 * How memory crosses. {@link #AUTO} is a request only; a running migration has one of the others.
 */
public enum Mode {
  AUTO,
  PRECOPY,
  POSTCOPY,
  HYBRID,
  COLD;

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether the guest may run at the target before all of its memory is there. */
  public boolean mayEndInPostCopy() {
    return this == AUTO || this == POSTCOPY || this == HYBRID;
  }

  public static Mode parse(String word) {
    for (Mode mode : values()) {
      if (mode.word().equals(word)) {
        return mode;
      }
    }
    throw Problem.usage(
            "bad-mode",
            "'%s' is not a mode".formatted(word),
            "Choose auto, precopy, postcopy, hybrid or cold.")
        .asException();
  }
}
