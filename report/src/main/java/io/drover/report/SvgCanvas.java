package io.drover.report;

import java.util.List;
import java.util.Locale;

/** Draws SVG that takes its colours from the page's style sheet. */
final class SvgCanvas implements Canvas {
  private final StringBuilder svg = new StringBuilder();

  private SvgCanvas() {}

  /** A whole {@code svg} element. */
  static String draw(Chart chart, double width, String name) {
    SvgCanvas canvas = new SvgCanvas();
    double height = chart.height(width);
    canvas
        .svg
        .append("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ")
        .append(number(width))
        .append(' ')
        .append(number(height))
        .append("\" role=\"img\" aria-label=\"")
        .append(Html.escape(name))
        .append("\">");
    chart.draw(canvas, width);
    return canvas.svg.append("</svg>").toString();
  }

  @Override
  public void path(List<Spot> points, Ends ends, Style style) {
    svg.append("<path d=\"");
    for (int i = 0; i < points.size(); i++) {
      svg.append(i == 0 ? 'M' : 'L')
          .append(number(points.get(i).x()))
          .append(' ')
          .append(number(points.get(i).y()));
    }
    svg.append(ends == Ends.CLOSED ? "Z\"" : "\"");
    paint(style);
    svg.append("/>");
  }

  @Override
  public void circle(Spot centre, double radius, Style style) {
    svg.append(
        "<circle cx=\"%s\" cy=\"%s\" r=\"%s\""
            .formatted(number(centre.x()), number(centre.y()), number(radius)));
    paint(style);
    svg.append("/>");
  }

  private void paint(Style style) {
    svg.append(" style=\"fill:")
        .append(style.fillOpacity() == 0 ? "none" : style.fill().variable());
    if (style.fillOpacity() > 0 && style.fillOpacity() < 1) {
      svg.append(";fill-opacity:").append(number(style.fillOpacity()));
    }
    if (style.width() > 0) {
      svg.append(";stroke:")
          .append(style.stroke().variable())
          .append(";stroke-width:")
          .append(number(style.width()));
      Style.Dash dash = style.dash();
      if (dash.isBroken()) {
        svg.append(";stroke-dasharray:")
            .append(number(dash.drawn()))
            .append(' ')
            .append(number(dash.left()));
      }
    }
    svg.append('"');
  }

  @Override
  public void text(Spot at, String text, Lettering type) {
    text("x=\"%s\" y=\"%s\"".formatted(number(at.x()), number(at.y())), text, type);
  }

  @Override
  public void textUpwards(Spot at, String text, Lettering type) {
    text(
        "transform=\"translate(%s %s) rotate(-90)\"".formatted(number(at.x()), number(at.y())),
        text,
        type);
  }

  private void text(String place, String text, Lettering type) {
    svg.append("<text ").append(place).append(" style=\"fill:").append(type.ink().variable());
    svg.append(";font-size:").append(number(type.size())).append("px");
    if (type.anchor() != Anchor.START) {
      svg.append(";text-anchor:").append(type.anchor().name().toLowerCase(Locale.ROOT));
    }
    if (type.weight() == Lettering.Weight.BOLD) {
      svg.append(";font-weight:600");
    }
    svg.append("\">").append(Html.escape(text)).append("</text>");
  }

  @Override
  public void explained(String explanation, Runnable drawing) {
    svg.append("<g><title>").append(Html.escape(explanation)).append("</title>");
    drawing.run();
    svg.append("</g>");
  }

  private static String number(double value) {
    String text = String.format(Locale.ROOT, "%.2f", value);
    return text.replaceAll("\\.?0+$", "");
  }
}
