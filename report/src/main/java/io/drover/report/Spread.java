package io.drover.report;

import java.util.List;

/** How a few numbers lie. */
record Spread(List<Double> sorted) {
  static Spread of(List<Double> values) {
    return new Spread(values.stream().sorted().toList());
  }

  double min() {
    return sorted.isEmpty() ? Double.NaN : sorted.getFirst();
  }

  double max() {
    return sorted.isEmpty() ? Double.NaN : sorted.getLast();
  }

  double median() {
    if (sorted.isEmpty()) {
      return Double.NaN;
    }
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  /** The smallest value that at least this percentage of all are not above. */
  double percentile(int percent) {
    if (sorted.isEmpty()) {
      return Double.NaN;
    }
    int rank = Math.max(1, Math.ceilDiv(percent * sorted.size(), 100));
    return sorted.get(rank - 1);
  }
}
