package io.drover.model;

import java.util.Locale;

/** Whether memory crosses by content: named first, and sent only if the target lacks it. */
public enum Dedup {
  /** As long as it pays. */
  AUTO,
  /** From the first page to the last. */
  ON,
  OFF;

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Dedup parse(String word) {
    for (Dedup dedup : values()) {
      if (dedup.word().equals(word)) {
        return dedup;
      }
    }
    throw Problem.usage(
            "bad-dedup", "'%s' is no way to use content".formatted(word), "Choose auto, on or off.")
        .asException();
  }
}
