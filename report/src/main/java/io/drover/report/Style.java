package io.drover.report;

/**
 * How a shape is painted.
 *
 * @param fillOpacity 0 for a shape that is not filled
 * @param width 0 for a shape without an outline
 */
record Style(Ink fill, double fillOpacity, Ink stroke, double width, Dash dash) {
  /** How a line is interrupted. */
  enum Dash {
    NONE(0, 0),
    DASHED(6, 4),
    DOTTED(1.5, 3.5);

    private final double drawn;
    private final double left;

    Dash(double drawn, double left) {
      this.drawn = drawn;
      this.left = left;
    }

    boolean isBroken() {
      return left > 0;
    }

    double drawn() {
      return drawn;
    }

    double left() {
      return left;
    }
  }

  static Style line(Ink ink, double width) {
    return new Style(ink, 0, ink, width, Dash.NONE);
  }

  static Style line(Ink ink, double width, Dash dash) {
    return new Style(ink, 0, ink, width, dash);
  }

  static Style fill(Ink ink, double opacity) {
    return new Style(ink, opacity, ink, 0, Dash.NONE);
  }

  Style outlined(Ink ink, double withWidth, Dash withDash) {
    return new Style(fill, fillOpacity, ink, withWidth, withDash);
  }
}
