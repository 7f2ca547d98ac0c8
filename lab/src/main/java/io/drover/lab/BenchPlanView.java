package io.drover.lab;

import io.drover.model.ByteSize;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import tools.jackson.databind.json.JsonMapper;

/** What could be measured, before it is. */
final class BenchPlanView {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** For whom. */
  enum Form {
    PEOPLE,
    JSON
  }

  private BenchPlanView() {}

  /** An experiment as {@code list} shows it. */
  record Listed(
      String name,
      String question,
      List<String> contenders,
      int cases,
      int runs,
      long seconds,
      long memoryMebibytes) {
    static Listed of(Experiment experiment, OptionalInt runs) {
      List<Piece> plan = experiment.plan(runs);
      return new Listed(
          experiment.name(),
          experiment.question(),
          plan.stream().map(Piece::contender).distinct().toList(),
          (int) plan.stream().map(Piece::caseName).distinct().count(),
          runs.orElse(experiment.runs()),
          sum(plan),
          Prechecks.neededMebibytes(experiment, plan));
    }
  }

  /** A part of a plan: one case, visited once. */
  record Visit(String caseName, List<String> contenders, int measurements, long seconds) {}

  static List<String> list(List<Experiment> experiments, OptionalInt runs, Form form) {
    List<Listed> all = experiments.stream().map(each -> Listed.of(each, runs)).toList();
    if (form == Form.JSON) {
      return List.of(MAPPER.writeValueAsString(all));
    }
    List<String> lines = new ArrayList<>();
    for (Listed each : all) {
      lines.add("  %-14s %s".formatted(each.name(), each.question()));
      lines.add(
          "  %-14s %s; %d case%s, %d run%s: about %s; needs %s of memory"
              .formatted(
                  "",
                  String.join(", ", each.contenders()),
                  each.cases(),
                  each.cases() == 1 ? "" : "s",
                  each.runs(),
                  each.runs() == 1 ? "" : "s",
                  Forecast.words(Duration.ofSeconds(each.seconds())),
                  ByteSize.ofMebibytes(each.memoryMebibytes())));
    }
    return lines;
  }

  static List<String> plan(Experiment experiment, List<Piece> plan, Form form) {
    List<Visit> visits = visits(plan);
    if (form == Form.JSON) {
      Map<String, Object> all = new LinkedHashMap<>();
      all.put("experiment", experiment.name());
      all.put("seconds", sum(plan));
      all.put("visits", visits);
      return List.of(MAPPER.writeValueAsString(all));
    }
    List<String> lines = new ArrayList<>();
    lines.add("Experiment %s: %s".formatted(experiment.name(), experiment.question()));
    for (Visit visit : visits) {
      lines.add(
          "  %-28s %8s  %3d × %s"
              .formatted(
                  visit.caseName(),
                  Forecast.words(Duration.ofSeconds(visit.seconds())),
                  visit.measurements() / visit.contenders().size(),
                  String.join(", ", visit.contenders())));
    }
    lines.add(
        "  %d measurements in %d visits, about %s; %s of memory."
            .formatted(
                plan.size(),
                visits.size(),
                Forecast.words(Duration.ofSeconds(sum(plan))),
                ByteSize.ofMebibytes(Prechecks.neededMebibytes(experiment, plan))));
    Prechecks.tell(Prechecks.memory(experiment, plan, Prechecks.availableMebibytes()), lines::add);
    return lines;
  }

  private static List<Visit> visits(List<Piece> plan) {
    List<Visit> visits = new ArrayList<>();
    for (int from = 0, to; from < plan.size(); from = to) {
      Set<String> contenders = new LinkedHashSet<>();
      for (to = from;
          to < plan.size() && plan.get(to).caseName().equals(plan.get(from).caseName());
          to++) {
        contenders.add(plan.get(to).contender());
      }
      visits.add(
          new Visit(
              plan.get(from).caseName(),
              List.copyOf(contenders),
              to - from,
              sum(plan.subList(from, to))));
    }
    return visits;
  }

  private static long sum(List<Piece> plan) {
    return Math.round(plan.stream().mapToDouble(Piece::seconds).sum());
  }
}
