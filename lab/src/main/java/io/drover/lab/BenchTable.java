package io.drover.lab;

import io.drover.report.Absence;
import io.drover.report.CaseKey;
import io.drover.report.ContenderKey;
import io.drover.report.Failure;
import io.drover.report.Results;
import io.drover.report.Row;
import io.drover.report.Verdict;
import io.drover.report.Yardstick;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Results on a terminal: medians, a line for each case and contender; the report has the rest. */
final class BenchTable {
  /** More would not fit a line. */
  private static final int COLUMNS = 4;

  private static final int NAME = 24;

  private final Results results;
  private final List<String> lines = new ArrayList<>();

  private BenchTable(Results results) {
    this.results = results;
  }

  static List<String> lines(Results results) {
    BenchTable table = new BenchTable(results);
    table.lines.addAll(List.of("", "  " + results.question(), ""));
    table.rows();
    table.verdicts();
    table.missing();
    return table.lines;
  }

  private void rows() {
    List<Yardstick> shown = results.yardsticks().stream().limit(COLUMNS).toList();
    StringBuilder head = new StringBuilder("  %-32s".formatted("median"));
    shown.forEach(each -> head.append("%24s".formatted(each.measure() + ", " + each.unit())));
    lines.add(head.toString());
    for (CaseKey key : results.cases()) {
      List<String> block = new ArrayList<>();
      for (ContenderKey contender : results.contenders()) {
        StringBuilder line = new StringBuilder("    %-30s".formatted(contender.name()));
        boolean any = false;
        for (Yardstick each : shown) {
          Optional<Row> row = row(key.name(), contender.name(), each.measure());
          any |= row.isPresent();
          line.append(("%" + NAME + "s").formatted(row.map(BenchTable::spread).orElse("")));
        }
        if (any) {
          block.add(line.toString().stripTrailing());
        }
      }
      row(results.yardsticks(), shown, key).ifPresent(block::add);
      if (!block.isEmpty()) {
        lines.add("  " + key.name());
        lines.addAll(block);
      }
    }
    lines.add("");
  }

  /** Measures of a case that has none of the columns' own, such as a limit. */
  private Optional<String> row(List<Yardstick> all, List<Yardstick> shown, CaseKey key) {
    boolean columns = shown.stream().anyMatch(each -> has(key, each));
    List<String> texts =
        columns
            ? List.of()
            : all.stream()
                .flatMap(each -> of(key, each))
                .map(
                    row ->
                        "    %-30s%s %s %s"
                            .formatted(row.contender(), row.measure(), spread(row), row.unit()))
                .toList();
    return texts.isEmpty() ? Optional.empty() : Optional.of(String.join("\n", texts));
  }

  private boolean has(CaseKey key, Yardstick each) {
    return of(key, each).findAny().isPresent();
  }

  private Stream<Row> of(CaseKey key, Yardstick each) {
    return everything()
        .filter(row -> row.caseName().equals(key.name()) && row.measure().equals(each.measure()));
  }

  private Stream<Row> everything() {
    return Stream.concat(results.published().stream(), results.measures().stream());
  }

  private Optional<Row> row(String caseName, String contender, String measure) {
    return everything()
        .filter(row -> row.caseName().equals(caseName))
        .filter(row -> row.contender().equals(contender))
        .filter(row -> row.measure().equals(measure))
        .findFirst();
  }

  private void verdicts() {
    for (Verdict target : results.targets()) {
      lines.add(
          "  %s %s: %s (%s %s %s)"
              .formatted(
                  target.holds() ? "✔" : target.measured().isEmpty() ? "-" : "✘",
                  target.text(),
                  target.measured().isPresent()
                      ? number(target.measured().getAsDouble())
                      : "not measured",
                  target.bound().words(),
                  number(target.limit()),
                  target.unit()));
    }
  }

  private void missing() {
    for (Absence absence : results.absences()) {
      lines.add(
          "  - %s, %s: %s"
              .formatted(
                  absence.caseName().orElse("everywhere"), absence.contender(), absence.reason()));
    }
    for (Failure failure : results.failures()) {
      lines.add(
          "  ✘ %s, %s, run %d failed: %s"
              .formatted(failure.caseName(), failure.contender(), failure.run(), failure.reason()));
    }
    lines.add("");
  }

  private static String spread(Row row) {
    return row.values().size() > 1
        ? "%s (%s..%s)".formatted(number(row.median()), number(row.min()), number(row.max()))
        : number(row.median());
  }

  private static String number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e6) {
      return Long.toString((long) value);
    }
    return String.format(Locale.ROOT, Math.abs(value) < 10 ? "%.2f" : "%.1f", value);
  }
}
