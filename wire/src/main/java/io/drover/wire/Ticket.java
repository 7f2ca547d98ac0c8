package io.drover.wire;

import java.util.HexFormat;

/** 128 random bits that let one channel in, once. */
public record Ticket(long high, long low) {
  /** Never the secret itself: tickets end up in log lines by accident. */
  @Override
  public String toString() {
    return "ticket " + HexFormat.of().toHexDigits(high).substring(0, 4) + "…";
  }
}
