package io.drover.report;

import java.util.ArrayList;
import java.util.List;

/** From values to places, with marks at round numbers; it always has zero on it. */
record Axis(double low, double high, double step) {
  private static final double HEADROOM = 1.04;

  /** Spans zero and both values, with about as many marks as asked for. */
  static Axis of(double least, double most, int marks) {
    double low = Math.min(0, least);
    double high = Math.max(0, most);
    if (low == high) {
      high = 1;
    }
    double rough = (high - low) / Math.max(1, marks);
    double magnitude = Math.pow(10, Math.floor(Math.log10(rough)));
    double step = magnitude;
    for (double candidate : new double[] {1, 2, 2.5, 5, 10}) {
      step = candidate * magnitude;
      if (step >= rough * 0.999) {
        break;
      }
    }
    return new Axis(low * HEADROOM, high * HEADROOM, step);
  }

  List<Double> marks() {
    List<Double> marks = new ArrayList<>();
    for (long i = (long) Math.ceil(low / step); i <= (long) Math.floor(high / step); i++) {
      marks.add(i * step);
    }
    return marks;
  }

  double place(double value, double from, double to) {
    return from + (value - low) / (high - low) * (to - from);
  }
}
