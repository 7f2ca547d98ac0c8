package io.drover.lab;

import io.drover.model.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** What came out of an experiment; pictures and pages can be made from it later. */
record BenchResults(
    String experiment,
    String question,
    Map<String, String> environment,
    List<Row> measures,
    List<Experiment.Published> published,
    List<Target.Verdict> targets,
    List<Sample> failures) {

  /** All values of one measure of one contender in one case. */
  record Row(
      String contender,
      String caseName,
      String measure,
      String unit,
      List<Double> values,
      double min,
      double median,
      double max) {}

  static BenchResults of(Experiment experiment, Samples samples, Map<String, String> environment) {
    List<Row> rows = new ArrayList<>();
    Set<List<String>> pairs = new LinkedHashSet<>();
    for (Sample sample : samples.all()) {
      pairs.add(List.of(sample.caseName(), sample.contender()));
    }
    for (List<String> pair : pairs) {
      for (Measure measure : experiment.measures()) {
        List<Double> values = samples.values(pair.get(0), pair.get(1), measure);
        OptionalDouble median = Statistics.median(values);
        if (median.isPresent()) {
          rows.add(
              new Row(
                  pair.get(1),
                  pair.get(0),
                  measure.label(),
                  measure.unit(),
                  values,
                  values.stream().mapToDouble(Double::doubleValue).min().orElseThrow(),
                  median.getAsDouble(),
                  values.stream().mapToDouble(Double::doubleValue).max().orElseThrow()));
        }
      }
    }
    return new BenchResults(
        experiment.name(),
        experiment.question(),
        environment,
        rows,
        experiment.published(),
        experiment.targets().stream().map(target -> target.judge(samples)).toList(),
        samples.failures());
  }

  boolean allTargetsHold() {
    return targets.stream().allMatch(Target.Verdict::holds);
  }

  String json() {
    return JsonMapper.builder().build().writeValueAsString(this);
  }

  void write(Path folder) {
    try {
      Files.createDirectories(folder);
      Files.writeString(
          folder.resolve("results.json"),
          JsonMapper.builder()
                  .enable(SerializationFeature.INDENT_OUTPUT)
                  .build()
                  .writeValueAsString(this)
              + "\n");
      Files.write(folder.resolve("results.csv"), csv());
    } catch (IOException failure) {
      throw Problem.host(
              "results-unwritable",
              "%s cannot be written (%s)".formatted(folder, failure.getMessage()),
              "Choose another folder with --out.")
          .asException(failure);
    }
  }

  List<String> csv() {
    List<String> lines =
        new ArrayList<>(List.of("experiment,case,contender,measure,unit,run,value"));
    for (Row row : measures) {
      for (int i = 0; i < row.values().size(); i++) {
        lines.add(
            String.join(
                ",",
                quoted(experiment),
                quoted(row.caseName()),
                quoted(row.contender()),
                quoted(row.measure()),
                quoted(row.unit()),
                Integer.toString(i + 1),
                Double.toString(row.values().get(i))));
      }
    }
    return lines;
  }

  private static String quoted(String text) {
    return text.matches("[A-Za-z0-9 /.'-]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
  }

  /** For the terminal. */
  List<String> table() {
    List<String> lines = new ArrayList<>(List.of("", "  " + question, ""));
    lines.add(
        "  %-22s %-16s %-18s %10s %10s %10s  %s"
            .formatted("case", "contender", "measure", "min", "median", "max", "unit"));
    for (Row row : measures) {
      lines.add(
          "  %-22s %-16s %-18s %10s %10s %10s  %s"
              .formatted(
                  row.caseName(),
                  row.contender(),
                  row.measure(),
                  number(row.min()),
                  number(row.median()),
                  number(row.max()),
                  row.unit() + " (" + row.values().size() + ")"));
    }
    for (Experiment.Published other : published) {
      lines.add(
          "  %-22s %-16s %-18s %10s %10s %10s  %s"
              .formatted(
                  other.caseName(),
                  "published",
                  other.measure(),
                  "",
                  number(other.value()),
                  "",
                  other.source()));
    }
    lines.add("");
    for (Target.Verdict target : targets) {
      lines.add(
          "  %s %s: %s (%s)"
              .formatted(
                  target.holds() ? "✔" : "✘",
                  target.text(),
                  target.measured().isPresent()
                      ? number(target.measured().getAsDouble())
                      : "not measured",
                  target.limit()));
    }
    for (Sample failure : failures) {
      lines.add(
          "  ✘ %s, %s, run %d failed: %s"
              .formatted(
                  failure.caseName(),
                  failure.contender(),
                  failure.run(),
                  failure.failure().orElse("")));
    }
    lines.add("");
    return lines;
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, Math.abs(value) < 10 ? "%.3f" : "%.1f", value);
  }
}
