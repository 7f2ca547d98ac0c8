package io.drover.model;

import java.util.regex.Pattern;

/** The one rule for names that end up in paths, certificates and QEMU's command line. */
final class Names {
  private static final Pattern SAFE = Pattern.compile("[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?");

  private Names() {}

  static void check(String kind, String value) {
    if (!SAFE.matcher(value).matches()) {
      throw Problem.usage(
              "bad-name",
              "'%s' is not a %s name".formatted(value, kind),
              "Use 1 to 40 lower-case letters, digits and inner hyphens.")
          .asException();
    }
  }
}
