package io.drover.model;

/** The name of a guest; unique on a host, and the same before and after a move. */
public record GuestName(String value) implements Comparable<GuestName> {
  public GuestName {
    Names.check("guest", value);
  }

  @Override
  public int compareTo(GuestName other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
