package io.drover.report;

import io.drover.report.Canvas.Anchor;
import io.drover.report.Canvas.Lettering;
import io.drover.report.Canvas.Spot;
import java.util.List;

/** Which look is whose, in as many lines as it takes. */
record Legend(List<String> names, Looks looks) {
  private static final double ROW = 22;
  private static final double SIZE = 13;
  private static final double SAMPLE = 34;
  private static final double GAP = 18;

  double height(double width) {
    return layOut(width, (name, x, y) -> {}) + 8;
  }

  void draw(Canvas canvas, double top, double width) {
    layOut(
        width,
        (name, x, y) -> {
          looks.of(name).sample(canvas, x, top + y + ROW / 2);
          canvas.text(
              new Spot(x + SAMPLE, top + y + ROW / 2 + 4.5),
              Canvas.fitting(name, SIZE, width - SAMPLE),
              Lettering.plain(SIZE, Ink.TEXT, Anchor.START));
        });
  }

  private interface Entry {
    void at(String name, double x, double y);
  }

  private double layOut(double width, Entry entry) {
    double x = 0;
    double y = 0;
    for (String name : names) {
      double needed = SAMPLE + Math.min(width - SAMPLE, Canvas.widthOf(name, SIZE));
      if (x > 0 && x + needed > width) {
        x = 0;
        y += ROW;
      }
      entry.at(name, x, y);
      x += needed + GAP;
    }
    return names.isEmpty() ? 0 : y + ROW;
  }
}
