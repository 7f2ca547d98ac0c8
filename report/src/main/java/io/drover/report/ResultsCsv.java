package io.drover.report;

import java.util.List;

/** One value a line, measured and published alike; quoted as RFC 4180 says. */
final class ResultsCsv {
  private static final List<String> HEAD =
      List.of(
          "experiment",
          "case",
          "group",
          "x",
          "contender",
          "kind",
          "measure",
          "unit",
          "run",
          "value",
          "source");

  private final StringBuilder text = new StringBuilder();

  private ResultsCsv() {}

  static String write(Results results) {
    ResultsCsv csv = new ResultsCsv();
    csv.line(HEAD);
    for (List<Row> rows : List.of(results.measures(), results.published())) {
      for (Row row : rows) {
        csv.rowOf(results, row);
      }
    }
    return csv.text.toString();
  }

  private void rowOf(Results results, Row row) {
    CaseKey where = results.caseOf(row);
    for (int run = 1; run <= row.values().size(); run++) {
      line(
          List.of(
              results.experiment(),
              row.caseName(),
              where.group(),
              where.x().isPresent() ? plain(where.x().getAsDouble()) : "",
              row.contender(),
              results.contenderOf(row.contender()).kind().word(),
              row.measure(),
              row.unit(),
              Integer.toString(run),
              plain(row.values().get(run - 1)),
              row.source().orElse("")));
    }
  }

  private void line(List<String> fields) {
    text.append(String.join(",", fields.stream().map(ResultsCsv::quoted).toList())).append("\r\n");
  }

  private static String plain(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  private static String quoted(String field) {
    boolean special = field.chars().anyMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
    return special ? '"' + field.replace("\"", "\"\"") + '"' : field;
  }
}
