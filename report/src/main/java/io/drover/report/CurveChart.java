package io.drover.report;

import io.drover.report.Canvas.Anchor;
import io.drover.report.Canvas.Ends;
import io.drover.report.Canvas.Lettering;
import io.drover.report.Canvas.Spot;
import io.drover.report.ContenderKey.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A line for each contender over x; every run is a point and min to max a thin line. */
final class CurveChart implements Chart {
  private static final double AXIS_HEIGHT = 46;
  private static final double UNIT_HEIGHT = 30;

  /** One median with its place. */
  private record Station(double x, Row row) {}

  private final Figure.Curve figure;
  private final Looks looks;
  private final Map<String, List<Station>> lines = new LinkedHashMap<>();

  CurveChart(Figure.Curve figure, Results results, Looks looks) {
    this.figure = figure;
    this.looks = looks;
    for (ContenderKey key : results.contenders()) {
      List<Station> stations = new ArrayList<>();
      for (CaseKey where : results.cases()) {
        if (where.group().equals(figure.group()) && where.x().isPresent()) {
          results
              .any(key.name(), where.name(), figure.measure())
              .ifPresent(row -> stations.add(new Station(where.x().getAsDouble(), row)));
        }
      }
      stations.sort(Comparator.comparingDouble(Station::x));
      if (!stations.isEmpty()) {
        lines.put(key.name(), stations);
      }
    }
  }

  @Override
  public boolean isEmpty() {
    return lines.isEmpty();
  }

  private Legend legend() {
    return new Legend(List.copyOf(lines.keySet()), looks);
  }

  private double plotHeight(double width) {
    return Math.clamp(width * 0.48, 240, 380);
  }

  @Override
  public double height(double width) {
    return isEmpty() ? 32 : legend().height(width) + UNIT_HEIGHT + plotHeight(width) + AXIS_HEIGHT;
  }

  @Override
  public void draw(Canvas canvas, double width) {
    if (isEmpty()) {
      Plot.nothing(canvas, "Nothing was measured for this picture.");
      return;
    }
    Legend legend = legend();
    legend.draw(canvas, 0, width);
    double top = legend.height(width) + UNIT_HEIGHT;
    List<Station> all = lines.values().stream().flatMap(List::stream).toList();
    double plotHeight = plotHeight(width);
    Axis y =
        Axis.of(
            all.stream().mapToDouble(station -> station.row().min()).min().orElse(0),
            all.stream().mapToDouble(station -> station.row().max()).max().orElse(0),
            6);
    Axis rough =
        Axis.of(
            all.stream().mapToDouble(Station::x).min().orElse(0),
            all.stream().mapToDouble(Station::x).max().orElse(0),
            Plot.marks(width));
    double left = Plot.gutter(y);
    List<Double> marks = marksAtCases(all, width - left);
    Axis x = marks.isEmpty() ? rough : new Axis(Math.min(0, marks.getFirst()), marks.getLast(), 1);
    Plot plot = new Plot(left, top, width - 26, top + plotHeight, x, y);
    canvas.text(
        new Spot(0, top - 15),
        figure.measure() + ", " + figure.unit(),
        Lettering.plain(Plot.TYPE, Ink.MUTED, Anchor.START));
    plot.drawY(canvas);
    plot.drawX(canvas, marks, figure.xLabel());
    // Ours are drawn last, on top.
    List<String> order =
        lines.keySet().stream()
            .sorted(Comparator.comparing((String name) -> looks.of(name).kind()).reversed())
            .toList();
    for (String name : order) {
      line(canvas, plot, looks.of(name), lines.getOrDefault(name, List.of()));
    }
  }

  private static void line(Canvas canvas, Plot plot, Look look, List<Station> stations) {
    List<Spot> medians =
        stations.stream()
            .map(station -> new Spot(plot.atX(station.x()), plot.atY(station.row().median())))
            .toList();
    if (medians.size() > 1) {
      canvas.path(medians, Ends.OPEN, look.line());
    }
    if (look.kind() == Kind.LIMIT) {
      return;
    }
    for (Station station : stations) {
      double x = plot.atX(station.x());
      Row row = station.row();
      canvas.explained(
          Words.of(row),
          () -> {
            if (row.values().size() > 1) {
              canvas.line(
                  x, plot.atY(row.min()), x, plot.atY(row.max()), Style.line(look.ink(), 1.2));
              for (double value : row.values()) {
                canvas.circle(new Spot(x, plot.atY(value)), 2, Style.fill(look.ink(), 0.55));
              }
            }
            look.mark(canvas, x, plot.atY(row.median()), 4.4);
          });
    }
  }

  /** Where the cases are, if they are few enough to name each. */
  private static List<Double> marksAtCases(List<Station> all, double width) {
    List<Double> distinct = all.stream().map(Station::x).distinct().sorted().toList();
    if (distinct.size() < 2 || distinct.stream().anyMatch(x -> x != Math.rint(x))) {
      return List.of();
    }
    double span = distinct.getLast() - Math.min(0, distinct.getFirst());
    double widest = Canvas.widthOf(Numbers.tick(distinct.getLast(), 1), Plot.TYPE) + 10;
    List<Double> kept = new ArrayList<>();
    // Every second, third… of an even sweep still reads well on a narrow page.
    for (int every = 1; every <= 4; every++) {
      kept.clear();
      for (int i = 0; i < distinct.size(); i += every) {
        kept.add(distinct.get(i));
      }
      boolean fits = kept.getLast().equals(distinct.getLast()) && kept.size() > 1;
      for (int i = 1; i < kept.size(); i++) {
        fits &= (kept.get(i) - kept.get(i - 1)) / span * width >= widest;
      }
      if (fits) {
        return List.copyOf(kept);
      }
    }
    return List.of();
  }
}
