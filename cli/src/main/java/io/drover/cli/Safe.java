package io.drover.cli;

/** Text from elsewhere, fit for a terminal: whoever wrote it cannot steer the cursor with it. */
final class Safe {
  private Safe() {}

  static String text(String foreign) {
    StringBuilder safe = new StringBuilder(foreign.length());
    foreign
        .codePoints()
        .forEach(point -> safe.appendCodePoint(Character.isISOControl(point) ? '?' : point));
    return safe.toString();
  }
}
