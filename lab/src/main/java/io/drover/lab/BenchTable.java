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

  private static final int WIDTH = 24;

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
    List<Yardstick> columns = results.yardsticks().stream().limit(COLUMNS).toList();
    StringBuilder head = new StringBuilder("  %-32s".formatted("median"));
    columns.forEach(each -> head.append(cell(each, head(each))));
    lines.add(head.toString());
    for (CaseKey key : results.cases()) {
      // What others published is shown beside something, not alone.
      if (results.measures().stream().noneMatch(row -> row.caseName().equals(key.name()))) {
        continue;
      }
      lines.add("  " + key.name());
      if (columns.stream().anyMatch(each -> of(key, each).findAny().isPresent())) {
        results.contenders().forEach(contender -> columns(key, contender, columns));
      } else {
        results.yardsticks().stream().flatMap(each -> of(key, each)).forEach(this::alone);
      }
    }
    lines.add("");
  }

  private void columns(CaseKey key, ContenderKey contender, List<Yardstick> columns) {
    List<Optional<Row>> rows =
        columns.stream()
            .map(
                each ->
                    of(key, each)
                        .filter(row -> row.contender().equals(contender.name()))
                        .findFirst())
            .toList();
    if (rows.stream().anyMatch(Optional::isPresent)) {
      StringBuilder line = new StringBuilder("    %-30s".formatted(contender.name()));
      for (int i = 0; i < columns.size(); i++) {
        line.append(cell(columns.get(i), rows.get(i).map(BenchTable::spread).orElse("")));
      }
      lines.add(line.toString().stripTrailing());
    }
  }

  /** A measure of a case that has none of the columns' own, such as a limit. */
  private void alone(Row row) {
    lines.add(
        "    %-30s%s %s %s".formatted(row.contender(), row.measure(), spread(row), row.unit()));
  }

  private static String head(Yardstick column) {
    return column.measure() + ", " + column.unit();
  }

  private static String cell(Yardstick column, String text) {
    return ("%" + Math.max(WIDTH, head(column).length() + 2) + "s").formatted(text);
  }

  private Stream<Row> of(CaseKey key, Yardstick each) {
    return Stream.concat(results.published().stream(), results.measures().stream())
        .filter(row -> row.caseName().equals(key.name()) && row.measure().equals(each.measure()));
  }

  private void verdicts() {
    long unmeasured = results.targets().stream().filter(each -> each.measured().isEmpty()).count();
    for (Verdict target : results.targets()) {
      target
          .measured()
          .ifPresent(
              value ->
                  lines.add(
                      "  %s %s: %s (%s %s %s)"
                          .formatted(
                              target.holds() ? "✔" : "✘",
                              target.text(),
                              number(value),
                              target.bound().words(),
                              number(target.limit()),
                              target.unit())));
    }
    if (unmeasured > 0) {
      lines.add("  - %d more targets were not measured".formatted(unmeasured));
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
