package io.drover.lab;

import io.drover.model.Problem;
import java.util.regex.Pattern;

/** Names one of several labs; short because it is part of the paths of unix sockets. */
record LabName(String value) {
  static final String DEFAULT = "lab";
  private static final Pattern FORM = Pattern.compile("[a-z0-9][a-z0-9-]{0,15}");
  private static final int LENGTH = 16;

  LabName {
    if (!FORM.matcher(value).matches()) {
      throw Problem.usage(
              "bad-lab-name",
              "'%s' is not a lab name".formatted(value),
              "Use 1 to 16 lower-case letters, digits and hyphens.")
          .asException();
    }
  }

  /** Of a lab beside this one. */
  LabName with(String suffix) {
    int room = Math.min(value.length(), LENGTH - suffix.length());
    return new LabName(value.substring(0, room) + suffix);
  }

  @Override
  public String toString() {
    return value;
  }
}
