package io.drover.report;

import io.drover.report.Canvas.Anchor;
import io.drover.report.Canvas.Lettering;
import io.drover.report.Canvas.Spot;
import java.util.List;

/** The rectangle that data is drawn in, with its axes. */
record Plot(double left, double top, double right, double bottom, Axis x, Axis y) {
  static final double TYPE = 12.5;

  double atX(double value) {
    return x.place(value, left, right);
  }

  double atY(double value) {
    return y.place(value, bottom, top);
  }

  /** How much room the numbers beside a vertical axis take. */
  static double gutter(Axis axis) {
    double widest = 0;
    for (double mark : axis.marks()) {
      widest = Math.max(widest, Canvas.widthOf(Numbers.tick(mark, axis.step()), TYPE));
    }
    return widest + 10;
  }

  void drawY(Canvas canvas) {
    for (double mark : y.marks()) {
      double at = atY(mark);
      canvas.line(
          left, at, right, at, Style.line(mark == 0 ? Ink.AXIS : Ink.GRID, mark == 0 ? 1.2 : 1));
      canvas.text(
          new Spot(left - 7, at + 4.3),
          Numbers.tick(mark, y.step()),
          Lettering.plain(TYPE, Ink.MUTED, Anchor.END));
    }
  }

  /** Marks below; at the given values, or where the axis has its own if there are none. */
  void drawX(Canvas canvas, List<Double> at, String label) {
    List<Double> marks = at.isEmpty() ? x.marks() : at;
    double step = at.isEmpty() ? x.step() : 1;
    for (double mark : marks) {
      double place = atX(mark);
      canvas.line(place, bottom, place, bottom + 4, Style.line(Ink.AXIS, 1));
      canvas.text(
          new Spot(place, bottom + 18),
          Numbers.tick(mark, step),
          Lettering.plain(TYPE, Ink.MUTED, Anchor.MIDDLE));
    }
    canvas.text(
        new Spot((left + right) / 2, bottom + 38),
        label,
        Lettering.plain(TYPE, Ink.MUTED, Anchor.MIDDLE));
  }

  /** Lines across for a horizontal axis. */
  void gridX(Canvas canvas) {
    for (double mark : x.marks()) {
      double at = atX(mark);
      canvas.line(
          at, top, at, bottom, Style.line(mark == 0 ? Ink.AXIS : Ink.GRID, mark == 0 ? 1.2 : 1));
    }
  }

  /** How many marks fit on a horizontal axis of this width. */
  static int marks(double width) {
    return Math.clamp((int) (width / 85), 2, 9);
  }

  static double nothing(Canvas canvas, String why) {
    canvas.text(new Spot(0, 20), why, Lettering.plain(TYPE, Ink.MUTED, Anchor.START));
    return 32;
  }
}
