package io.drover.report;

import io.drover.report.Canvas.Anchor;
import io.drover.report.Canvas.Lettering;
import io.drover.report.Canvas.Spot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Contenders under each other, for each case; every run is a point and min to max a thin line. */
final class BarChart implements Chart {
  private static final double HEADING = 26;
  private static final double ROW = 20;
  private static final double AFTER = 10;
  private static final double AXIS_HEIGHT = 46;

  /** With more cases, one that is absent from all of them is not said again in each. */
  private static final int FEW = 6;

  /** A bar, or the place where one is missed. */
  private record Bar(String contender, Optional<Row> row) {}

  /** A case with its bars. */
  private record Block(String name, List<Bar> bars) {
    double height() {
      return HEADING + bars.size() * ROW + AFTER;
    }
  }

  private final Figure.Bars figure;
  private final Looks looks;
  private final List<Block> blocks = new ArrayList<>();

  BarChart(Figure.Bars figure, Results results, Looks looks) {
    this.figure = figure;
    this.looks = looks;
    for (CaseKey where : results.cases()) {
      List<Bar> bars = new ArrayList<>();
      boolean measured = false;
      for (ContenderKey key : results.contenders()) {
        Optional<Row> row = results.any(key.name(), where.name(), figure.measure());
        measured |= row.isPresent();
        if (row.isPresent() || isMissed(results, key.name(), where.name())) {
          bars.add(new Bar(key.name(), row));
        }
      }
      if (measured) {
        blocks.add(new Block(where.name(), bars));
      }
    }
  }

  private static boolean isMissed(Results results, String contender, String caseName) {
    return results.absences().stream()
        .filter(absence -> absence.contender().equals(contender))
        .anyMatch(
            absence ->
                absence.caseName().map(caseName::equals).orElse(results.cases().size() <= FEW));
  }

  @Override
  public boolean isEmpty() {
    return blocks.isEmpty();
  }

  @Override
  public double height(double width) {
    return isEmpty() ? 32 : blocks.stream().mapToDouble(Block::height).sum() + AXIS_HEIGHT;
  }

  @Override
  public void draw(Canvas canvas, double width) {
    if (isEmpty()) {
      Plot.nothing(canvas, "Nothing was measured for this picture.");
      return;
    }
    List<Row> rows =
        blocks.stream()
            .flatMap(block -> block.bars().stream())
            .flatMap(bar -> bar.row().stream())
            .toList();
    double names =
        Math.min(
            width * 0.38,
            14
                + rows.stream()
                    .mapToDouble(row -> Canvas.widthOf(row.contender(), Plot.TYPE))
                    .max()
                    .orElse(0));
    double room = width - names - 62;
    Axis x =
        Axis.of(
            rows.stream().mapToDouble(Row::min).min().orElse(0),
            rows.stream().mapToDouble(Row::max).max().orElse(0),
            Plot.marks(room));
    Plot plot = new Plot(names, 0, names + room, height(width) - AXIS_HEIGHT, x, Axis.of(0, 1, 1));
    plot.gridX(canvas);
    plot.drawX(canvas, List.of(), figure.measure() + ", " + figure.unit());
    double y = 0;
    for (Block block : blocks) {
      canvas.rectangle(0, y + 4, width, HEADING - 6, Style.fill(Ink.CARD, 1));
      canvas.text(
          new Spot(6, y + 19),
          Canvas.fitting(block.name(), Plot.TYPE * 1.15, width - 12),
          Lettering.bold(Plot.TYPE, Ink.TEXT, Anchor.START));
      y += HEADING;
      for (Bar bar : block.bars()) {
        bar(canvas, plot, bar, y);
        y += ROW;
      }
      y += AFTER;
    }
  }

  private void bar(Canvas canvas, Plot plot, Bar bar, double top) {
    Look look = looks.of(bar.contender());
    double middle = top + ROW / 2;
    canvas.text(
        new Spot(plot.left() - 8, middle + 4.3),
        Canvas.fitting(bar.contender(), Plot.TYPE, plot.left() - 10),
        Lettering.plain(Plot.TYPE, Ink.TEXT, Anchor.END));
    if (bar.row().isEmpty()) {
      canvas.text(
          new Spot(plot.atX(0) + 6, middle + 4.3),
          "not measured",
          Lettering.plain(Plot.TYPE - 1, Ink.MUTED, Anchor.START));
      return;
    }
    Row row = bar.row().get();
    double from = Math.min(plot.atX(0), plot.atX(row.median()));
    double to = Math.max(plot.atX(0), plot.atX(row.median()));
    canvas.explained(
        Words.of(row),
        () -> {
          canvas.rectangle(from, top + 4, to - from, ROW - 8, look.bar());
          if (row.values().size() > 1) {
            canvas.line(
                plot.atX(row.min()), middle, plot.atX(row.max()), middle, Style.line(Ink.TEXT, 1));
            for (double value : row.values()) {
              canvas.circle(
                  new Spot(plot.atX(value), middle),
                  2.1,
                  Style.fill(Ink.PAPER, 1).outlined(Ink.TEXT, 1, Style.Dash.NONE));
            }
          }
        });
    canvas.text(
        new Spot(Math.max(to, plot.atX(row.max())) + 7, middle + 4.3),
        Numbers.of(row.median()),
        Lettering.bold(Plot.TYPE, Ink.TEXT, Anchor.START));
  }
}
