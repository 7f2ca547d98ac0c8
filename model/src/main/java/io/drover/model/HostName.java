package io.drover.model;

/** The fleet-wide name of a host, as it stands in its certificate. */
public record HostName(String value) implements Comparable<HostName> {
  public HostName {
    Names.check("host", value);
  }

  @Override
  public int compareTo(HostName other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
