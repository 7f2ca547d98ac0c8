package io.drover.report;

import io.drover.report.Canvas.Anchor;
import io.drover.report.Canvas.Spot;
import io.drover.report.Canvas.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Every run of each contender a point, with the median, p90, p99 and the worst marked. */
final class DistributionChart implements Chart {
  private static final double KEY_HEIGHT = 26;
  private static final double HEADING = 24;
  private static final double STRIP = 52;
  private static final double AXIS_HEIGHT = 46;
  private static final double RADIUS = 3;
  private static final int FEW = 100;

  private final Figure.Distribution figure;
  private final Map<String, Look> looks;
  private final List<Row> rows = new ArrayList<>();

  DistributionChart(Figure.Distribution figure, Results results, Map<String, Look> looks) {
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
    return isEmpty() ? 32 : KEY_HEIGHT + rows.size() * (HEADING + STRIP) + AXIS_HEIGHT;
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
      y += HEADING + STRIP;
    }
  }

  private static void key(Canvas canvas) {
    double x = 12;
    for (Mark mark : Mark.values()) {
      canvas.line(x, 4, x, 18, mark.style(Ink.TEXT));
      canvas.text(new Spot(x + 6, 15.5), mark.word, Type.plain(Plot.TYPE, Ink.MUTED, Anchor.START));
      x += 24 + Canvas.widthOf(mark.word, Plot.TYPE);
    }
  }

  /** What is marked of a distribution. */
  private enum Mark {
    MEDIAN("median", 50, 3),
    P90("p90", 90, 1.8),
    P99("p99", 99, 1.8),
    WORST("largest", 100, 1);

    private final String word;
    private final int percent;
    private final double width;

    Mark(String word, int percent, double width) {
      this.word = word;
      this.percent = percent;
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
    Look look = looks.get(row.contender());
    Spread spread = Spread.of(row.values());
    look.sample(canvas, 12, top + 12);
    canvas.text(
        new Spot(46, top + 16.5),
        Canvas.fitting(row.contender(), Plot.TYPE, width * 0.4),
        Type.bold(Plot.TYPE, Ink.TEXT, Anchor.START));
    canvas.text(
        new Spot(width - 4, top + 16.5),
        Canvas.fitting(numbers(row, spread), Plot.TYPE - 0.5, width * 0.6),
        Type.plain(Plot.TYPE - 0.5, Ink.MUTED, Anchor.END));
    double middle = top + HEADING + STRIP / 2;
    if (row.source().isPresent() || row.values().size() == 1) {
      canvas.explained(Words.of(row), () -> look.mark(canvas, plot.atX(row.median()), middle, 5));
      return;
    }
    canvas.explained(
        Words.of(row),
        () -> {
          for (Mark mark : Mark.values()) {
            double at = plot.atX(mark.of(spread));
            canvas.line(at, middle - 21, at, middle + 21, mark.style(look.ink()));
          }
          points(canvas, plot, spread, look, middle);
        });
  }

  private static String numbers(Row row, Spread spread) {
    if (row.source().isPresent()) {
      return "%s, published".formatted(Numbers.withUnit(row.median(), row.unit()));
    }
    int runs = row.values().size();
    if (runs == 1) {
      return "%s, one run".formatted(Numbers.withUnit(row.median(), row.unit()));
    }
    // Of ten runs the ninth is p90; of fewer, p90 is only another word for the largest.
    String middle =
        (runs >= 10 ? ", p90 " + Numbers.of(spread.percentile(90)) : "")
            + (runs >= FEW ? ", p99 " + Numbers.of(spread.percentile(99)) : "");
    return "median %s%s, largest %s (%d runs)"
        .formatted(Numbers.of(row.median()), middle, Numbers.of(row.max()), runs);
  }

  /** Points that would cover each other move apart, up and down. */
  private static void points(Canvas canvas, Plot plot, Spread spread, Look look, double middle) {
    double[] lastAtLevel = new double[11];
    java.util.Arrays.fill(lastAtLevel, Double.NEGATIVE_INFINITY);
    for (double value : spread.sorted()) {
      double x = plot.atX(value);
      int level = 0;
      while (level < lastAtLevel.length - 1 && x - lastAtLevel[level] < 2 * RADIUS) {
        level++;
      }
      lastAtLevel[level] = x;
      double shift = (level + 1) / 2 * (level % 2 == 0 ? 1 : -1) * (RADIUS + 0.6);
      canvas.circle(
          new Spot(x, middle + shift),
          RADIUS,
          Style.fill(look.ink(), 0.6).outlined(Ink.PAPER, 0.6, Style.Dash.NONE));
    }
  }
}
