package io.drover.report;

import io.drover.model.Problem;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an experiment found, as {@code results.json} holds it; the same shape for every experiment.
 *
 * @param question what a reader learns, in one sentence
 * @param command what somebody types to get such numbers
 * @param notes sentences that stand above everything, such as that this was a quick run
 * @param environment on what it was measured: versions, cores, kernel, link, accelerator
 * @param contenders in the order in which they are shown; every row's contender is among them
 * @param cases in the order in which they are shown; every row's case is among them
 * @param yardsticks the measures, those that matter most first
 * @param measures measured here
 * @param published what others published, each with its source
 * @param absences what could not be measured at all, known before the first run
 * @param failures runs that failed
 * @param figures which pictures to draw
 */
public record Results(
    String experiment,
    String question,
    String command,
    List<String> notes,
    Map<String, String> environment,
    List<ContenderKey> contenders,
    List<CaseKey> cases,
    List<Yardstick> yardsticks,
    List<Row> measures,
    List<Row> published,
    List<Verdict> targets,
    List<Absence> absences,
    List<Failure> failures,
    List<Series> series,
    List<Figure> figures) {

  public Results {
    notes = List.copyOf(notes);
    environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
    contenders = List.copyOf(contenders);
    cases = List.copyOf(cases);
    yardsticks = List.copyOf(yardsticks);
    measures = List.copyOf(measures);
    published = List.copyOf(published);
    targets = List.copyOf(targets);
    absences = List.copyOf(absences);
    failures = List.copyOf(failures);
    series = List.copyOf(series);
    figures = List.copyOf(figures);
    List<String> contenderNames = contenders.stream().map(ContenderKey::name).toList();
    List<String> caseNames = cases.stream().map(CaseKey::name).toList();
    distinct("contender", contenderNames);
    distinct("case", caseNames);
    for (ContenderKey key : contenders) {
      key.against().ifPresent(name -> known("contender", name, contenderNames));
    }
    for (List<Row> rows : List.of(measures, published)) {
      for (Row row : rows) {
        known("contender", row.contender(), contenderNames);
        known("case", row.caseName(), caseNames);
      }
    }
    for (Series one : series) {
      known("contender", one.contender(), contenderNames);
      known("case", one.caseName(), caseNames);
    }
    for (Failure failure : failures) {
      known("contender", failure.contender(), contenderNames);
      known("case", failure.caseName(), caseNames);
    }
    for (Absence absence : absences) {
      known("contender", absence.contender(), contenderNames);
      absence.caseName().ifPresent(name -> known("case", name, caseNames));
    }
  }

  Optional<Row> measured(String contender, String caseName, String measure) {
    return find(measures, contender, caseName, measure);
  }

  static Optional<Row> find(List<Row> rows, String contender, String caseName, String measure) {
    return rows.stream()
        .filter(
            row ->
                row.contender().equals(contender)
                    && row.caseName().equals(caseName)
                    && row.measure().equals(measure))
        .findFirst();
  }

  ContenderKey contenderOf(String name) {
    return contenders.stream().filter(key -> key.name().equals(name)).findFirst().orElseThrow();
  }

  CaseKey caseOf(Row row) {
    return cases.stream()
        .filter(key -> key.name().equals(row.caseName()))
        .findFirst()
        .orElseThrow();
  }

  private static void distinct(String what, List<String> names) {
    if (names.stream().distinct().count() != names.size()) {
      throw inconsistent("two %ss have the same name, among %s".formatted(what, names));
    }
  }

  private static void known(String what, String name, List<String> names) {
    if (!names.contains(name)) {
      throw inconsistent("the %s '%s' is not among %s".formatted(what, name, names));
    }
  }

  private static RuntimeException inconsistent(String why) {
    return Problem.usage(
            "bad-results",
            "These results contradict themselves: " + why,
            "Use a results.json as 'drover bench' wrote it.")
        .asException();
  }
}
