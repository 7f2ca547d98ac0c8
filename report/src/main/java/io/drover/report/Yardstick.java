package io.drover.report;

import com.fasterxml.jackson.annotation.JsonProperty;

/** A measure, and which way is good. */
public record Yardstick(String measure, String unit, Better better) {
  /** Which way is good. */
  public enum Better {
    @JsonProperty("lower")
    LOWER,
    @JsonProperty("higher")
    HIGHER,
    /** Shown, but nobody wins by it. */
    @JsonProperty("neither")
    NEITHER
  }
}
