package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchTest {
  @TempDir Path folder;

  private static Sample sample(String contender, int run, double throughput) {
    return new Sample(
        "idle, 1 GiB touched",
        contender,
        run,
        Map.of(Measure.THROUGHPUT, throughput),
        Optional.empty());
  }

  @Test
  void goesOnWhereAnInterruptedRunStopped() throws Exception {
    Path file = folder.resolve("deep/samples.jsonl");
    Samples first = Samples.open(file);
    first.add(sample("drover", 1, 100));
    first.add(new Sample("c", "native", 1, Map.of(), Optional.of("it failed")));
    Files.writeString(file, "{\"caseName\":\"idle", StandardOpenOption.APPEND);
    Samples second = Samples.open(file);
    assertThat(second.all()).isEqualTo(first.all());
    assertThat(second.has("idle, 1 GiB touched", "drover", 1)).isTrue();
    assertThat(second.has("idle, 1 GiB touched", "drover", 2)).isFalse();
    second.add(sample("drover", 2, 200));
    assertThat(Samples.open(file).all()).hasSize(3);
  }

  @Test
  void judgesTargetsByTheMediansOfBothContenders() {
    Experiment tunnel = Experiments.named("tunnel", Experiments.Scale.FULL);
    Samples samples = Samples.open(folder.resolve("samples.jsonl"));
    for (int run = 1; run <= 3; run++) {
      samples.add(sample("drover", run, 95 + run));
      samples.add(sample("native", run, 110));
      samples.add(sample("native-tls", run, 90));
    }
    BenchResults results = BenchResults.of(tunnel, samples, Map.of("kernel", "x"));
    assertThat(results.targets()).hasSize(2);
    assertThat(results.targets().get(0).holds()).isTrue();
    assertThat(results.targets().get(0).measured()).hasValue(97.0 / 90);
    assertThat(results.targets().get(1).holds()).isFalse();
    assertThat(results.allTargetsHold()).isFalse();
    assertThat(results.measures().getFirst().median()).isEqualTo(97);
  }

  @Test
  void aTargetThatWasNotMeasuredDoesNotHold() {
    Samples none = Samples.open(folder.resolve("samples.jsonl"));
    for (Experiment experiment : Experiments.all(Experiments.Scale.FULL)) {
      BenchResults results = BenchResults.of(experiment, none, Map.of());
      assertThat(results.targets()).isNotEmpty().noneMatch(Target.Verdict::holds);
    }
  }

  @Test
  void targetsSpeakOfCasesAndContendersThatExist() {
    for (Experiment experiment : Experiments.all(Experiments.Scale.FULL)) {
      Samples samples = Samples.open(folder.resolve(experiment.name()));
      for (List<String> pair : pairs(experiment)) {
        Map<Measure, Double> values = new java.util.EnumMap<>(Measure.class);
        experiment.measures().forEach(measure -> values.put(measure, 1.0));
        samples.add(new Sample(pair.get(0), pair.get(1), 1, values, Optional.empty()));
      }
      assertThat(BenchResults.of(experiment, samples, Map.of()).targets())
          .as(experiment.name())
          .allMatch(verdict -> verdict.measured().isPresent());
    }
  }

  private static Set<List<String>> pairs(Experiment experiment) {
    Set<List<String>> pairs = new HashSet<>();
    switch (experiment.procedure()) {
      case Experiment.Moves moves ->
          moves
              .cases()
              .forEach(
                  one ->
                      moves.contenders().forEach(by -> pairs.add(List.of(one.name(), by.name()))));
      case Experiment.ClientCommand command -> pairs.add(List.of(command.caseName(), "drover"));
      case Experiment.ManyMoves many -> {
        pairs.add(List.of(many.caseName(), "alpha"));
        pairs.add(List.of(many.caseName(), "beta"));
      }
    }
    return pairs;
  }

  @Test
  void writesResultsThatProgramsAndPeopleRead() throws Exception {
    Experiment tunnel = Experiments.named("tunnel", Experiments.Scale.FULL);
    Samples samples = Samples.open(folder.resolve("samples.jsonl"));
    samples.add(sample("drover", 1, 12.5));
    samples.add(
        new Sample("idle, 1 GiB touched", "native", 1, Map.of(), Optional.of("link was cut")));
    BenchResults results = BenchResults.of(tunnel, samples, Map.of("kernel", "x"));
    results.write(folder);
    assertThat(folder.resolve("results.json"))
        .content()
        .contains("\"experiment\"", "\"environment\"", "\"published\"", "\"holds\" : false");
    assertThat(Files.readAllLines(folder.resolve("results.csv")))
        .containsExactly(
            "experiment,case,contender,measure,unit,run,value",
            "tunnel,\"idle, 1 GiB touched\",drover,throughput,MiB/s,1,12.5");
    assertThat(results.table()).anyMatch(line -> line.contains("failed: link was cut"));
    assertThat(results.json()).doesNotContain("\n");
  }

  @Test
  void addsUpTheUsedHeapAndLeavesOutWhatIsNoHeap() {
    assertThat(
            Crowd.parseUsedKibibytes(
                """
                123:
                 def new generation   total 9216K, used 1000K [0x1, 0x2)
                  eden space 8192K,  12% used [0x1, 0x2)
                 tenured generation   total 20480K, used 500K [0x1, 0x2)
                 Metaspace       used 9999K, committed 10000K, reserved 1114112K
                  class space    used 700K, committed 800K, reserved 1048576K
                """))
        .isEqualTo(1500);
    assertThat(
            Crowd.parseUsedKibibytes(
                """
                 garbage-first heap   total reserved 262144K, committed 131072K, used 2048K [0x)
                  region size 1024K, 3 young (3072K), 0 survivors (0K)
                """))
        .isEqualTo(2048);
  }
}
