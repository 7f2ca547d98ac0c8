package io.drover.report;

import io.drover.report.Canvas.Anchor;
import io.drover.report.Canvas.Lettering;
import io.drover.report.Canvas.Spot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Every run of each contender a point, with the median, p90, p99 and the worst marked. */
final class DistributionChart implements Chart {
  private static final double KEY_HEIGHT = 26;
  private static final double HEADING = 24;
  private static final double STRIP = 52;
  private static final double AXIS_HEIGHT = 46;
  private static final double RADIUS = 3;
  private static final int MANY = 60;
  private static final double SECOND_LINE = 20;

  /** Narrower than this, the numbers take a line of their own. */
  private static final double ROOMY = 560;

  private final Figure.Distribution figure;
  private final Looks looks;
  private final List<Row> rows = new ArrayList<>();

  DistributionChart(Figure.Distribution figure, Results results, Looks looks) {
    this.figure = figure;
    this.looks = looks;
    for (ContenderKey key : results.contenders()) {
      results.any(key.name(), figure.caseName(), figure.measure()).ifPresent(rows::add);
    }
  }

  @Override
  public boolean isEmpty() {
    return rows.isEmpty();
  }

  @Override
  public double height(double width) {
    return isEmpty() ? 32 : KEY_HEIGHT + rows.size() * rowHeight(width) + AXIS_HEIGHT;
  }

  private static double rowHeight(double width) {
    return HEADING + STRIP + (width < ROOMY ? SECOND_LINE : 0);
  }

  @Override
  public void draw(Canvas canvas, double width) {
    if (isEmpty()) {
      Plot.nothing(canvas, "Nothing was measured for this picture.");
      return;
    }
    Axis x =
        Axis.of(
            rows.stream().mapToDouble(Row::min).min().orElse(0),
            rows.stream().mapToDouble(Row::max).max().orElse(0),
            Plot.marks(width));
    double bottom = height(width) - AXIS_HEIGHT;
    Plot plot = new Plot(12, KEY_HEIGHT, width - 26, bottom, x, Axis.of(0, 1, 1));
    key(canvas);
    plot.gridX(canvas);
    plot.drawX(canvas, List.of(), figure.measure() + ", " + figure.unit());
    double y = KEY_HEIGHT;
    for (Row row : rows) {
      strip(canvas, plot, row, y, width);
      y += rowHeight(width);
    }
  }

  private void key(Canvas canvas) {
    int mostRuns = rows.stream().mapToInt(row -> row.values().size()).max().orElse(0);
    double x = 12;
    for (Mark mark : Mark.values()) {
      if (mostRuns < mark.leastRuns) {
        continue;
      }
      canvas.line(x, 4, x, 18, mark.style(Ink.TEXT));
      canvas.text(
          new Spot(x + 6, 15.5), mark.word, Lettering.plain(Plot.TYPE, Ink.MUTED, Anchor.START));
      x += 24 + Canvas.widthOf(mark.word, Plot.TYPE);
    }
  }

  /** What is marked of a distribution. */
  private enum Mark {
    MEDIAN("median", 50, 2, 3),
    P90("p90", 90, 10, 1.8),
    P99("p99", 99, 100, 1.8),
    WORST("max", 100, 2, 1);

    private final String word;
    private final int percent;

    /** Of fewer runs it is only another word for the maximum. */
    private final int leastRuns;

    private final double width;

    Mark(String word, int percent, int leastRuns, double width) {
      this.word = word;
      this.percent = percent;
      this.leastRuns = leastRuns;
      this.width = width;
    }

    double of(Spread spread) {
      return this == MEDIAN ? spread.median() : spread.percentile(percent);
    }

    Style style(Ink ink) {
      return Style.line(ink, width, this == P99 ? Style.Dash.DASHED : Style.Dash.NONE);
    }
  }

  private void strip(Canvas canvas, Plot plot, Row row, double top, double width) {
    Look look = looks.of(row.contender());
    Spread spread = Spread.of(row.values());
    boolean roomy = width >= ROOMY;
    look.sample(canvas, 12, top + 12);
    canvas.text(
        new Spot(46, top + 16.5),
        Canvas.fitting(runs(row), Plot.TYPE * 1.15, roomy ? width * 0.45 : width - 46),
        Lettering.bold(Plot.TYPE, Ink.TEXT, Anchor.START));
    canvas.text(
        roomy ? new Spot(width - 4, top + 16.5) : new Spot(12, top + 16.5 + SECOND_LINE),
        Canvas.fitting(numbers(row, spread), Plot.TYPE - 0.5, roomy ? width * 0.6 : width - 12),
        Lettering.plain(Plot.TYPE - 0.5, Ink.MUTED, roomy ? Anchor.END : Anchor.START));
    double middle = top + rowHeight(width) - STRIP / 2;
    if (row.source().isPresent() || row.values().size() == 1) {
      canvas.explained(Words.of(row), () -> look.mark(canvas, plot.atX(row.median()), middle, 5));
      return;
    }
    canvas.explained(
        Words.of(row),
        () -> {
          for (Mark mark : Mark.values()) {
            if (row.values().size() >= mark.leastRuns) {
              double at = plot.atX(mark.of(spread));
              canvas.line(at, middle - 22, at, middle + 22, mark.style(Ink.TEXT));
            }
          }
          points(canvas, plot, spread, look, middle);
        });
  }

  private static String runs(Row row) {
    int runs = row.values().size();
    return row.source().isPresent()
        ? row.contender()
        : "%s, %s".formatted(row.contender(), runs == 1 ? "one run" : runs + " runs");
  }

  private static String numbers(Row row, Spread spread) {
    if (row.source().isPresent()) {
      return "%s, published".formatted(Numbers.withUnit(row.median(), row.unit()));
    }
    int runs = row.values().size();
    if (runs == 1) {
      return Numbers.withUnit(row.median(), row.unit());
    }
    String middle =
        (runs >= Mark.P90.leastRuns ? ", p90 " + Numbers.of(spread.percentile(90)) : "")
            + (runs >= Mark.P99.leastRuns ? ", p99 " + Numbers.of(spread.percentile(99)) : "");
    return "median %s%s, max %s".formatted(Numbers.of(row.median()), middle, Numbers.of(row.max()));
  }

  /** Points that would cover each other move apart, up and down. */
  private static void points(Canvas canvas, Plot plot, Spread spread, Look look, double middle) {
    double radius = spread.sorted().size() > MANY ? RADIUS * 0.7 : RADIUS;
    double apart = 1.2 * radius;
    double[] lastAtLevel = new double[1 + 2 * (int) ((STRIP / 2 - 5) / apart)];
    Arrays.fill(lastAtLevel, Double.NEGATIVE_INFINITY);
    for (double value : spread.sorted()) {
      double x = plot.atX(value);
      int level = 0;
      for (int other = 1; other < lastAtLevel.length; other++) {
        if (x - lastAtLevel[level] < 2 * radius && lastAtLevel[other] < lastAtLevel[level]) {
          level = other;
        }
      }
      lastAtLevel[level] = x;
      double shift = (level + 1) / 2 * (level % 2 == 0 ? 1 : -1) * apart;
      canvas.circle(
          new Spot(x, middle + shift),
          radius,
          Style.fill(look.ink(), 0.6).outlined(Ink.PAPER, 0.5, Style.Dash.NONE));
    }
  }
}
