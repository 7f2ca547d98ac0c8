package io.drover.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.util.List;

/** Draws pixels on light paper, needing neither a display nor a browser, only a font. */
final class ImageCanvas implements Canvas {
  /** Pixels for each CSS pixel: sharp on a dense display and in print. */
  private static final double SCALE = 2;

  private static final double WIDTH = 860;
  private static final double MARGIN = 20;
  private static final double HEAD = 34;

  private final Graphics2D graphics;

  private ImageCanvas(Graphics2D graphics) {
    this.graphics = graphics;
  }

  static BufferedImage draw(Chart chart, String title) {
    double inner = WIDTH - 2 * MARGIN;
    double height = chart.height(inner) + 2 * MARGIN + HEAD;
    BufferedImage image =
        new BufferedImage(
            (int) Math.ceil(WIDTH * SCALE),
            (int) Math.ceil(height * SCALE),
            BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    try {
      graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
      graphics.setRenderingHint(
          RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
      graphics.setRenderingHint(
          RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
      graphics.scale(SCALE, SCALE);
      ImageCanvas canvas = new ImageCanvas(graphics);
      canvas.rectangle(0, 0, WIDTH, height, Style.fill(Ink.PAPER, 1));
      canvas.text(new Spot(MARGIN, MARGIN + 14), title, Lettering.bold(17, Ink.TEXT, Anchor.START));
      graphics.translate(MARGIN, MARGIN + HEAD);
      chart.draw(canvas, inner);
    } finally {
      graphics.dispose();
    }
    return image;
  }

  @Override
  public void path(List<Spot> points, Ends ends, Style style) {
    Path2D path = new Path2D.Double();
    for (int i = 0; i < points.size(); i++) {
      if (i == 0) {
        path.moveTo(points.get(i).x(), points.get(i).y());
      } else {
        path.lineTo(points.get(i).x(), points.get(i).y());
      }
    }
    if (ends == Ends.CLOSED) {
      path.closePath();
    }
    paint(path, style);
  }

  @Override
  public void circle(Spot centre, double radius, Style style) {
    paint(
        new Ellipse2D.Double(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius),
        style);
  }

  private void paint(Shape shape, Style style) {
    if (style.fillOpacity() > 0) {
      graphics.setColor(colour(style.fill(), style.fillOpacity()));
      graphics.fill(shape);
    }
    if (style.width() > 0) {
      Style.Dash dash = style.dash();
      graphics.setStroke(
          dash.isBroken()
              ? new BasicStroke(
                  (float) style.width(),
                  BasicStroke.CAP_BUTT,
                  BasicStroke.JOIN_ROUND,
                  1,
                  new float[] {(float) dash.drawn(), (float) dash.left()},
                  0)
              : new BasicStroke(
                  (float) style.width(), BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND));
      graphics.setColor(colour(style.stroke(), 1));
      graphics.draw(shape);
    }
  }

  @Override
  public void text(Spot at, String text, Lettering type) {
    int weight = type.weight() == Lettering.Weight.BOLD ? Font.BOLD : Font.PLAIN;
    // DejaVu, which most machines without a display have, is wider than a browser's fonts.
    graphics.setFont(new Font(Font.SANS_SERIF, weight, 1).deriveFont((float) (type.size() * 0.9)));
    double width = graphics.getFontMetrics().getStringBounds(text, graphics).getWidth();
    double shift =
        switch (type.anchor()) {
          case START -> 0;
          case MIDDLE -> -width / 2;
          case END -> -width;
        };
    graphics.setColor(colour(type.ink(), 1));
    graphics.drawString(text, (float) (at.x() + shift), (float) at.y());
  }

  @Override
  public void textUpwards(Spot at, String text, Lettering type) {
    AffineTransform before = graphics.getTransform();
    graphics.translate(at.x(), at.y());
    graphics.rotate(-Math.PI / 2);
    text(new Spot(0, 0), text, type);
    graphics.setTransform(before);
  }

  @Override
  public void explained(String explanation, Runnable drawing) {
    drawing.run();
  }

  private static Color colour(Ink ink, double opacity) {
    int alpha = (int) Math.round(opacity * 255);
    return new Color((alpha << 24) | ink.light(), true);
  }
}
