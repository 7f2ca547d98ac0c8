package io.drover.api;

import io.drover.model.Problem;
import java.util.Locale;

/** What a person decides about a guest that the agents cannot decide about. */
public enum Decision {
  /** This host's copy may run; the person knows that no other does. */
  RUN,
  /** This host's copy is to go. */
  DISCARD;

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Decision parse(String word) {
    for (Decision decision : values()) {
      if (decision.word().equals(word)) {
        return decision;
      }
    }
    throw Problem.usage(
            "bad-decision", "'%s' is not a decision".formatted(word), "Choose run or discard.")
        .asException();
  }
}
