package io.drover.report;

import java.util.List;

/**
 * What charts are drawn on; the same drawing becomes SVG or pixels. Lengths are CSS pixels, y grows
 * downwards.
 */
interface Canvas {
  /** Where something is. */
  record Spot(double x, double y) {}

  /** Which end of a text its spot is. */
  enum Anchor {
    START,
    MIDDLE,
    END
  }

  /** How a text looks. */
  record Lettering(double size, Ink ink, Anchor anchor, Weight weight) {
    enum Weight {
      NORMAL,
      BOLD
    }

    static Lettering plain(double size, Ink ink, Anchor anchor) {
      return new Lettering(size, ink, anchor, Weight.NORMAL);
    }

    static Lettering bold(double size, Ink ink, Anchor anchor) {
      return new Lettering(size, ink, anchor, Weight.BOLD);
    }
  }

  /** Whether a path ends where it began. */
  enum Ends {
    OPEN,
    CLOSED
  }

  void path(List<Spot> points, Ends ends, Style style);

  void circle(Spot centre, double radius, Style style);

  void text(Spot at, String text, Lettering type);

  /** Reads upwards. */
  void textUpwards(Spot at, String text, Lettering type);

  /** What is drawn within explains itself to somebody who points at it. */
  void explained(String explanation, Runnable drawing);

  default void line(double x1, double y1, double x2, double y2, Style style) {
    path(List.of(new Spot(x1, y1), new Spot(x2, y2)), Ends.OPEN, style);
  }

  default void rectangle(double x, double y, double width, double height, Style style) {
    path(
        List.of(
            new Spot(x, y),
            new Spot(x + width, y),
            new Spot(x + width, y + height),
            new Spot(x, y + height)),
        Ends.CLOSED,
        style);
  }

  /**
   * About how wide a text is. The same for every canvas, so that all draw the same picture; ample,
   * since fonts differ.
   */
  static double widthOf(String text, double size) {
    return text.length() * size * 0.58;
  }

  /** As much of a text as fits. */
  static String fitting(String text, double size, double width) {
    int characters = Math.max(2, (int) (width / (size * 0.58)));
    return text.length() <= characters ? text : text.substring(0, characters - 1) + "…";
  }
}
