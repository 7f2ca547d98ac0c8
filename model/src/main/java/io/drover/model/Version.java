package io.drover.model;

/** A dotted version of three numbers, as QEMU reports it. */
public record Version(int major, int minor, int micro) implements Comparable<Version> {
  @Override
  public int compareTo(Version other) {
    int byMajor = Integer.compare(major, other.major);
    int byMinor = Integer.compare(minor, other.minor);
    return byMajor != 0 ? byMajor : byMinor != 0 ? byMinor : Integer.compare(micro, other.micro);
  }

  public boolean atLeast(int wantedMajor, int wantedMinor) {
    return compareTo(new Version(wantedMajor, wantedMinor, 0)) >= 0;
  }

  @Override
  public String toString() {
    return major + "." + minor + "." + micro;
  }
}
