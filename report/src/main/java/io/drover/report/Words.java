package io.drover.report;

/** A row in words. */
final class Words {
  private Words() {}

  static String of(Row row) {
    return "%s, %s: %s %s".formatted(row.contender(), row.caseName(), row.measure(), value(row));
  }

  /** The median, and how far the runs lie apart. */
  static String value(Row row) {
    return Numbers.withUnit(row.median(), row.unit()) + spread(row);
  }

  static String spread(Row row) {
    if (row.source().isPresent()) {
      return " (published)";
    }
    return row.values().size() == 1
        ? " (one run)"
        : " (%s to %s, %d runs)"
            .formatted(Numbers.of(row.min()), Numbers.of(row.max()), row.values().size());
  }
}
