package io.drover.report;

import io.drover.report.Canvas.Ends;
import io.drover.report.Canvas.Spot;
import io.drover.report.ContenderKey.Kind;
import io.drover.report.Style.Dash;
import java.util.ArrayList;
import java.util.List;

/**
 * How a contender looks in every chart: told apart by colour and, without colour, by its marker.
 */
record Look(Kind kind, Ink ink, Marker marker) {
  /** The shape of a point. */
  enum Marker {
    CIRCLE(0, 0),
    SQUARE(4, Math.PI / 4),
    TRIANGLE(3, -Math.PI / 2),
    DIAMOND(4, 0),
    DOWNWARDS(3, Math.PI / 2),
    HEXAGON(6, 0),
    PENTAGON(5, -Math.PI / 2);

    private final int corners;
    private final double turn;

    Marker(int corners, double turn) {
      this.corners = corners;
      this.turn = turn;
    }
  }

  /** The line through the medians: dashed where it is not ours to measure. */
  Style line() {
    return switch (kind) {
      case DROVER -> Style.line(ink, 2.4);
      case STOCK -> Style.line(ink, 2);
      case PUBLISHED -> Style.line(ink, 1.6, Dash.DASHED);
      case LIMIT -> Style.line(ink, 1.4, Dash.DOTTED);
    };
  }

  Style bar() {
    return switch (kind) {
      case DROVER -> Style.fill(ink, 0.85);
      case STOCK -> Style.fill(ink, 0.7);
      case PUBLISHED -> Style.line(ink, 1.3, Dash.DASHED);
      case LIMIT -> Style.line(ink, 1.2, Dash.DOTTED);
    };
  }

  /** Hollow where it is not ours to measure. */
  void mark(Canvas canvas, double x, double y, double radius) {
    if (kind == Kind.LIMIT) {
      return;
    }
    Style style =
        kind == Kind.PUBLISHED
            ? Style.fill(Ink.PAPER, 1).outlined(ink, 1.6, Dash.NONE)
            : Style.fill(ink, 1).outlined(Ink.PAPER, 1, Dash.NONE);
    if (marker.corners == 0) {
      canvas.circle(new Spot(x, y), radius, style);
      return;
    }
    List<Spot> corners = new ArrayList<>();
    // Shapes with few corners need to reach further to look as large.
    double reach = radius * (marker.corners <= 4 ? 1.25 : 1.1);
    for (int i = 0; i < marker.corners; i++) {
      double angle = marker.turn + 2 * Math.PI * i / marker.corners;
      corners.add(new Spot(x + reach * Math.cos(angle), y + reach * Math.sin(angle)));
    }
    canvas.path(corners, Ends.CLOSED, style);
  }

  /** A sample of line and marker, 28 wide, for a legend. */
  void sample(Canvas canvas, double x, double y) {
    canvas.line(x, y, x + 28, y, line());
    mark(canvas, x + 14, y, 4);
  }
}
