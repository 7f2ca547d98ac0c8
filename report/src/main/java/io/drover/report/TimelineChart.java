package io.drover.report;

import io.drover.report.Canvas.Anchor;
import io.drover.report.Canvas.Ends;
import io.drover.report.Canvas.Lettering;
import io.drover.report.Canvas.Spot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What was seen during the runs of one case: a panel for each contender, all to the same scale. */
final class TimelineChart implements Chart {
  private static final double UNIT_HEIGHT = 24;
  private static final double HEADING = 26;
  private static final double PANEL = 110;
  private static final double BETWEEN = 16;
  private static final double AXIS_HEIGHT = 46;

  private final Figure.Timeline figure;
  private final Looks looks;
  private final Map<String, List<Series>> panels = new LinkedHashMap<>();

  TimelineChart(Figure.Timeline figure, Results results, Looks looks) {
    this.figure = figure;
    this.looks = looks;
    for (ContenderKey key : results.contenders()) {
      List<Series> runs =
          results.series().stream()
              .filter(
                  one ->
                      one.contender().equals(key.name())
                          && one.caseName().equals(figure.caseName())
                          && one.measure().equals(figure.measure())
                          && !one.points().isEmpty())
              .toList();
      if (!runs.isEmpty()) {
        panels.put(key.name(), runs);
      }
    }
  }

  @Override
  public boolean isEmpty() {
    return panels.isEmpty();
  }

  @Override
  public double height(double width) {
    return isEmpty()
        ? 32
        : UNIT_HEIGHT + panels.size() * (HEADING + PANEL + BETWEEN) - BETWEEN + AXIS_HEIGHT;
  }

  @Override
  public void draw(Canvas canvas, double width) {
    if (isEmpty()) {
      Plot.nothing(canvas, "Nothing was recorded for this picture.");
      return;
    }
    List<Series.Point> all =
        panels.values().stream()
            .flatMap(List::stream)
            .flatMap(series -> series.points().stream())
            .toList();
    double most =
        Math.max(
            figure.ceiling().orElse(0),
            all.stream().mapToDouble(Series.Point::value).max().orElse(0));
    Axis y = Axis.of(all.stream().mapToDouble(Series.Point::value).min().orElse(0), most, 3);
    Axis x =
        Axis.of(
            all.stream().mapToDouble(Series.Point::seconds).min().orElse(0),
            all.stream().mapToDouble(Series.Point::seconds).max().orElse(0),
            Plot.marks(width));
    String ceiling =
        figure.ceiling().isPresent()
            ? "; dotted: at most " + Numbers.of(figure.ceiling().getAsDouble())
            : "";
    canvas.text(
        new Spot(0, 14),
        Canvas.fitting(figure.measure() + ", " + figure.unit() + ceiling, Plot.TYPE, width),
        Lettering.plain(Plot.TYPE, Ink.MUTED, Anchor.START));
    double top = UNIT_HEIGHT;
    int left = panels.size();
    for (Map.Entry<String, List<Series>> panel : panels.entrySet()) {
      double from = top + HEADING;
      Plot plot = new Plot(Plot.gutter(y), from, width - 26, from + PANEL, x, y);
      panel(canvas, plot, panel.getKey(), panel.getValue());
      if (--left == 0) {
        plot.drawX(canvas, List.of(), "seconds since the order");
      }
      top = from + PANEL + BETWEEN;
    }
  }

  private void panel(Canvas canvas, Plot plot, String contender, List<Series> runs) {
    Look look = looks.of(contender);
    look.sample(canvas, plot.left(), plot.top() - 13);
    double end = runs.stream().mapToDouble(run -> run.points().getLast().seconds()).max().orElse(0);
    canvas.text(
        new Spot(plot.left() + 34, plot.top() - 8.5),
        Canvas.fitting(contender, Plot.TYPE, plot.right() * 0.5),
        Lettering.bold(Plot.TYPE, Ink.TEXT, Anchor.START));
    canvas.text(
        new Spot(plot.right(), plot.top() - 8.5),
        "ends at %s s".formatted(Numbers.of(end)),
        Lettering.plain(Plot.TYPE - 0.5, Ink.MUTED, Anchor.END));
    plot.drawY(canvas);
    figure
        .ceiling()
        .ifPresent(
            ceiling ->
                canvas.line(
                    plot.left(),
                    plot.atY(ceiling),
                    plot.right(),
                    plot.atY(ceiling),
                    Style.line(Ink.LIMIT, 1.3, Style.Dash.DOTTED)));
    for (Series run : runs) {
      List<Spot> line = new ArrayList<>();
      for (Series.Point point : run.points()) {
        line.add(new Spot(plot.atX(point.seconds()), plot.atY(point.value())));
      }
      if (runs.size() == 1) {
        List<Spot> area = new ArrayList<>(line);
        area.add(new Spot(line.getLast().x(), plot.atY(0)));
        area.add(new Spot(line.getFirst().x(), plot.atY(0)));
        canvas.path(area, Ends.CLOSED, Style.fill(look.ink(), 0.18));
      }
      canvas.explained(
          "%s, run %d".formatted(contender, run.run()),
          () -> canvas.path(line, Ends.OPEN, Style.line(look.ink(), runs.size() == 1 ? 1.8 : 1.1)));
    }
  }
}
