package io.drover.lab;

import io.drover.lab.Experiment.Published;
import io.drover.report.Absence;
import io.drover.report.CaseKey;
import io.drover.report.ContenderKey;
import io.drover.report.Failure;
import io.drover.report.Figure;
import io.drover.report.Results;
import io.drover.report.Row;
import io.drover.report.Series;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** From samples to results. */
final class Findings {
  /** Shown beside the contenders: what is possible at best. */
  static final String LINE_RATE = "line rate";

  private final Experiment experiment;
  private final Samples samples;
  private final List<CaseKey> cases;
  private final List<ContenderKey> contenders;

  Findings(Experiment experiment, Samples samples) {
    this.experiment = experiment;
    this.samples = samples;
    this.cases = experiment.procedure().cases();
    this.contenders = experiment.procedure().contenders();
  }

  /**
   * Everything that is known so far.
   *
   * @param absences what could not be measured at all, known before the first run
   * @param notes what a reader has to know before anything else
   */
  Results results(
      String command, List<String> notes, Map<String, String> environment, List<Absence> absences) {
    List<Row> rows = rows();
    List<Row> published = published();
    List<Absence> missing = new ArrayList<>(absences);
    missing.addAll(absences());
    Set<String> named = new HashSet<>();
    rows.forEach(row -> named.add(row.caseName()));
    published.forEach(row -> named.add(row.caseName()));
    missing.forEach(absence -> absence.caseName().ifPresent(named::add));
    failures().forEach(failure -> named.add(failure.caseName()));
    return new Results(
        experiment.name(),
        experiment.question(),
        command,
        notes,
        environment,
        contenders(rows),
        cases.stream().filter(key -> named.contains(key.name())).toList(),
        experiment.measures().stream().map(Measure::yardstick).toList(),
        rows,
        published,
        experiment.targets().stream().map(target -> target.judge(samples)).toList(),
        missing,
        failures(),
        series(),
        experiment.figures());
  }

  private List<ContenderKey> contenders(List<Row> rows) {
    List<ContenderKey> all = new ArrayList<>();
    Set<String> seen = new LinkedHashSet<>();
    for (Published each : experiment.published()) {
      if (seen.add(each.contender())) {
        all.add(new ContenderKey(each.contender(), ContenderKey.Kind.PUBLISHED, each.against()));
      }
    }
    all.addAll(contenders);
    if (rows.stream().anyMatch(row -> row.contender().equals(LINE_RATE))) {
      all.add(ContenderKey.limit(LINE_RATE));
    }
    return all;
  }

  private List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    for (CaseKey key : cases) {
      for (ContenderKey contender : contenders) {
        for (Measure measure : experiment.measures()) {
          List<Double> values = samples.values(key.name(), contender.name(), measure);
          if (!values.isEmpty()) {
            rows.add(Row.of(contender.name(), key.name(), measure.label(), measure.unit(), values));
          }
        }
      }
      ideal(key).ifPresent(rows::add);
    }
    return rows;
  }

  /** The best that the case allows, as the guests that moved in it say. */
  private Optional<Row> ideal(CaseKey key) {
    List<Double> seconds =
        contenders.stream()
            .flatMap(by -> samples.values(key.name(), by.name(), Measure.IDEAL).stream())
            .toList();
    return Statistics.median(seconds).isPresent() && experiment.measures().contains(Measure.TOTAL)
        ? Optional.of(
            Row.of(
                LINE_RATE,
                key.name(),
                Measure.TOTAL.label(),
                Measure.TOTAL.unit(),
                List.of(Statistics.median(seconds).getAsDouble())))
        : Optional.empty();
  }

  private List<Row> published() {
    return experiment.published().stream()
        .map(
            each ->
                Row.published(
                    each.contender(),
                    each.caseName(),
                    each.measure().label(),
                    each.measure().unit(),
                    each.value(),
                    each.source()))
        .toList();
  }

  private List<Absence> absences() {
    return samples.all().stream()
        .filter(sample -> sample.absence().isPresent())
        .map(
            sample ->
                new Absence(
                    sample.contender(),
                    Optional.of(sample.caseName()),
                    sample.absence().orElseThrow()))
        .distinct()
        .toList();
  }

  private List<Failure> failures() {
    return samples.all().stream()
        .filter(sample -> sample.failure().isPresent())
        .map(
            sample ->
                new Failure(
                    sample.contender(),
                    sample.caseName(),
                    sample.run(),
                    sample.failure().orElseThrow()))
        .toList();
  }

  /** Only of cases that are drawn: the rest would be most of the file and is in the samples. */
  private List<Series> series() {
    List<Series> series = new ArrayList<>();
    for (Figure figure : experiment.figures()) {
      if (figure instanceof Figure.Timeline timeline) {
        for (Sample sample : samples.all()) {
          if (sample.caseName().equals(timeline.caseName()) && !sample.linkUse().isEmpty()) {
            series.add(
                new Series(
                    sample.contender(),
                    sample.caseName(),
                    sample.run(),
                    timeline.measure(),
                    timeline.unit(),
                    sample.linkUse()));
          }
        }
      }
    }
    return series;
  }
}
