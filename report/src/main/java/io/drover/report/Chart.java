package io.drover.report;

/** A picture of some of the results. */
interface Chart {
  double height(double width);

  void draw(Canvas canvas, double width);

  /** Whether there is anything to draw; if not, drawing says so. */
  boolean isEmpty();

  static Chart of(Figure figure, Results results, Looks looks) {
    return switch (figure) {
      case Figure.Curve curve -> new CurveChart(curve, results, looks);
      case Figure.Bars bars -> new BarChart(bars, results, looks);
      case Figure.Distribution distribution -> new DistributionChart(distribution, results, looks);
      case Figure.Timeline timeline -> new TimelineChart(timeline, results, looks);
    };
  }
}
