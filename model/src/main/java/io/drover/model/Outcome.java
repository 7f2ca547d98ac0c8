package io.drover.model;

import java.util.Locale;

/** How a migration ended. */
public enum Outcome {
  /** The guest is at the target, whole; the source's copy is gone. */
  COMPLETED,
  /** Refused by a check before anything moved. */
  REFUSED,
  /** The guest runs on at the source; nothing is left at the target. */
  ABORTED,
  /** Aborted because a person asked for it. */
  CANCELLED,
  /** The guest powered itself off while it moved. */
  POWERED_OFF,
  /** The guest's memory is lost; the report says what and why. */
  LOST;

  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
