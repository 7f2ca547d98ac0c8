package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.lab.Experiments.Scale;
import io.drover.model.Mode;
import io.drover.model.Problem;
import io.drover.model.Transport;
import io.drover.report.Report;
import io.drover.report.Results;
import io.drover.report.Series;
import io.drover.report.Verdict;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchTest {
  static final Samples.Subject SUBJECT = new Samples.Subject("tunnel", "d", "1", "here");
  private static final String LEVEL = "1 Gbit/s, 2048 MB";
  private static final Contender A = Contender.of("a", Transport.TUNNEL, Mode.AUTO);
  private static final Contender B = Contender.of("b", Transport.NATIVE, Mode.PRECOPY);

  @TempDir Path folder;
  private final StringWriter told = new StringWriter();

  private Samples samples() {
    return Samples.open(folder, SUBJECT);
  }

  private static Sample sample(
      String caseName, String contender, int run, Measure measure, double value) {
    return Sample.of(
        new Piece(caseName, contender, run, 1), Measured.of(Map.of(measure, value)), 1);
  }

  private static Case stressed(int mebibytes) {
    return PublishedLink.GIGABIT.stressed(mebibytes);
  }

  private static Experiment experiment(Case... cases) {
    return new Experiment(
        "x",
        "Why?",
        Experiment.Moves.of(List.of(cases), List.of(A, B)),
        List.of(Measure.TOTAL),
        List.of(),
        List.of(),
        List.of(),
        2);
  }

  /** Runs everything, each piece as the function says. */
  private void run(Experiment experiment, Samples samples, Function<Piece, Measured> measuring) {
    new BenchRunner(
            experiment,
            _ ->
                new Site() {
                  @Override
                  public Measured measure(Piece piece) {
                    return measuring.apply(piece);
                  }

                  @Override
                  public void close() {
                    told.append("closed\n");
                  }
                },
            samples,
            new Steps(new PrintWriter(told), Steps.Style.PLAIN))
        .run(experiment.plan(OptionalInt.empty()), () -> told.append("case is through\n"));
  }

  private static Measured total(double seconds) {
    return Measured.of(Map.of(Measure.TOTAL, seconds));
  }

  @Test
  void goesOnWhereAnInterruptedRunStopped() throws Exception {
    Samples first = samples();
    first.add(
        Sample.of(
            new Piece(LEVEL, "drover", 1, 1),
            new Measured(
                Map.of(Measure.TOTAL, 1.5), Optional.empty(), List.of(new Series.Point(0.1, 900))),
            3));
    first.add(Sample.failed(new Piece("c", "native", 1, 1), "it failed", 2));
    Files.writeString(folder.resolve(Samples.FILE), "{\"caseName\":\"i", StandardOpenOption.APPEND);
    Samples second = samples();
    assertThat(second.putAside()).isFalse();
    assertThat(second.all()).isEqualTo(first.all());
    assertThat(second.of(new Piece(LEVEL, "drover", 1, 9))).isPresent();
    assertThat(second.of(new Piece(LEVEL, "drover", 2, 9))).isEmpty();
    second.add(sample(LEVEL, "drover", 2, Measure.TOTAL, 2));
    assertThat(samples().all()).hasSize(3);
  }

  @Test
  void doesNotMixSamplesOfSomethingElse() {
    samples().add(sample(LEVEL, "drover", 1, Measure.TOTAL, 1));
    Samples other = Samples.open(folder, new Samples.Subject("tunnel", "d", "2", "here"));
    assertThat(other.putAside()).isTrue();
    assertThat(other.all()).isEmpty();
    assertThat(folder.resolve(Samples.OLD_FILE)).content().contains(LEVEL);
    assertThat(Samples.open(folder, new Samples.Subject("tunnel", "d", "2", "here")).putAside())
        .isFalse();
  }

  @Test
  void differentDeclarationsHaveDifferentFingerprints() {
    assertThat(experiment(stressed(1)).fingerprint())
        .isEqualTo(experiment(stressed(1)).fingerprint())
        .isNotEqualTo(experiment(stressed(2)).fingerprint());
  }

  @Test
  void recordsACrashBeginsTheCaseAnewAndGoesOn() {
    Samples samples = samples();
    run(
        experiment(stressed(1), stressed(2)),
        samples,
        piece -> {
          if (piece.contender().equals("a") && piece.run() == 1) {
            throw Problem.migration("x", "QEMU ended", "").asException();
          }
          return total(1);
        });
    assertThat(samples.all()).hasSize(8);
    assertThat(samples.all().stream().filter(sample -> sample.failure().isPresent())).hasSize(2);
    // After each of two failures, and at the end of each of two cases.
    assertThat(told.toString().lines().filter("closed"::equals)).hasSize(4);
    assertThat(told.toString().lines().filter("case is through"::equals)).hasSize(2);
  }

  @Test
  void measuresOnlyWhatIsMissing() {
    Samples samples = samples();
    samples.add(sample(stressed(1).name(), "a", 1, Measure.TOTAL, 1));
    List<Piece> measured = new ArrayList<>();
    run(
        experiment(stressed(1)),
        samples,
        piece -> {
          measured.add(piece);
          return total(1);
        });
    assertThat(measured).hasSize(3).noneMatch(samples.all().getFirst()::isOf);
  }

  @Test
  void doesNotTryMoreStressOncePrecopyDidNotConverge() {
    Samples samples = samples();
    List<String> tried = new ArrayList<>();
    run(
        experiment(stressed(0), stressed(1024), stressed(2048)),
        samples,
        piece -> {
          tried.add(piece.caseName() + " " + piece.contender());
          return piece.contender().equals("b") && !piece.caseName().contains(", 0 MB")
              ? Measured.absent("It does not converge.")
              : total(1);
        });
    assertThat(tried).contains("1 Gbit/s, 1024 MB b", "1 Gbit/s, 2048 MB a");
    assertThat(tried).doesNotContain("1 Gbit/s, 2048 MB b");
    Results results =
        new Findings(experiment(stressed(0), stressed(1024), stressed(2048)), samples)
            .results("c", List.of(), Map.of(), List.of());
    assertThat(results.failures()).isEmpty();
    assertThat(results.absences())
        .anyMatch(absence -> absence.reason().startsWith("Not tried"))
        .anyMatch(absence -> absence.reason().equals("It does not converge."));
  }

  @Test
  void judgesTargetsByTheMediansOfBothContenders() {
    Experiment modes = Experiments.named("modes", Scale.FULL);
    Samples samples = samples();
    for (int run = 1; run <= 3; run++) {
      samples.add(sample(LEVEL, ModesExperiment.AUTO, run, Measure.TOTAL, 17 + run));
      samples.add(sample(LEVEL, ModesExperiment.STOCK_HYBRID, run, Measure.TOTAL, 38));
    }
    samples.add(sample(LEVEL, ModesExperiment.AUTO, 4, Measure.CLIENT_GAP, 301));
    Results results = results(modes, samples);
    assertThat(verdict(results, "over stock hybrid's, " + LEVEL))
        .satisfies(
            verdict -> {
              assertThat(verdict.measured()).hasValue(19.0 / 38);
              assertThat(verdict.holds()).isTrue();
            });
    assertThat(verdict(results, "published downtime, " + LEVEL))
        .satisfies(
            verdict -> {
              assertThat(verdict.limit()).isEqualTo(300);
              assertThat(verdict.holds()).isFalse();
            });
    assertThat(results.measures().getFirst().median()).isEqualTo(19);
  }

  private static Verdict verdict(Results results, String end) {
    return results.targets().stream()
        .filter(each -> each.text().endsWith(end))
        .findFirst()
        .orElseThrow();
  }

  private static Results results(Experiment experiment, Samples samples) {
    return new Findings(experiment, samples)
        .results("drover bench", List.of(), Map.of("kernel", "x"), List.of());
  }

  @Test
  void aWholeGuestsMoveIsJudgedByRsyncAndScpAndByTheWorstDisruption() {
    Experiment wan = Experiments.named("wan", Scale.FULL);
    Samples samples = samples();
    String where = WanExperiment.WAN;
    for (int run = 1; run <= 3; run++) {
      samples.add(sample(where, Carrier.AGENTS.contender(), run, Measure.TOTAL, 20 + run));
      samples.add(sample(where, Carrier.AGENTS.contender(), run, Measure.DISRUPTION, run * 0.5));
      samples.add(sample(where, Carrier.RSYNC.contender(), run, Measure.TOTAL, 20));
    }
    Results results = results(wan, samples);
    assertThat(verdict(results, "'rsync, frozen', WAN"))
        .satisfies(
            verdict -> {
              assertThat(verdict.measured()).hasValue(1.1);
              assertThat(verdict.holds()).isFalse();
            });
    assertThat(verdict(results, "'scp, frozen', WAN").measured()).isEmpty();
    assertThat(verdict(results, "at worst, auto, WAN"))
        .satisfies(
            verdict -> {
              assertThat(verdict.measured()).hasValue(1.5);
              assertThat(verdict.holds()).isTrue();
            });
    assertThat(results.published())
        .anyMatch(
            row ->
                row.contender().equals("published rsync")
                    && row.caseName().equals(where)
                    && row.median() == 279);
  }

  @Test
  void aTargetThatWasNotMeasuredDoesNotHold() {
    for (Experiment experiment : Experiments.all(Scale.FULL)) {
      assertThat(results(experiment, samples()).targets()).isNotEmpty().noneMatch(Verdict::holds);
    }
  }

  @Test
  void targetsAndFiguresSpeakOfWhatExists() {
    for (Scale scale : Scale.values()) {
      for (Experiment experiment : Experiments.all(scale)) {
        Samples samples = Samples.open(folder.resolve(scale + experiment.name()), SUBJECT);
        for (Piece piece : experiment.plan(OptionalInt.of(1))) {
          Map<Measure, Double> values = new EnumMap<>(Measure.class);
          experiment.measures().forEach(measure -> values.put(measure, 1.0));
          samples.add(
              Sample.of(
                  piece,
                  new Measured(values, Optional.empty(), List.of(new Series.Point(0.1, 900))),
                  1));
        }
        Results results = results(experiment, samples);
        assertThat(results.targets())
            .as(experiment.name())
            .allMatch(verdict -> verdict.measured().isPresent());
        assertThat(results.figures()).as(experiment.name()).isNotEmpty();
        assertThat(results.contenders()).as(experiment.name()).isNotEmpty();
        assertThat(Report.read(Report.json(results))).isEqualTo(results);
      }
    }
  }

  @Test
  void showsTheLineRateBesideTheContendersAndTheLinkOverTimeWhereItIsDrawn() {
    Experiment modes = Experiments.named("modes", Scale.FULL);
    Samples samples = samples();
    for (String caseName : List.of(LEVEL, "1 Gbit/s, 1024 MB")) {
      samples.add(
          Sample.of(
              new Piece(caseName, ModesExperiment.AUTO, 1, 1),
              new Measured(
                  Map.of(Measure.TOTAL, 20.0, Measure.IDEAL, 18.5),
                  Optional.empty(),
                  List.of(new Series.Point(0.1, 990))),
              25));
    }
    Results results = results(modes, samples);
    assertThat(results.measures())
        .anyMatch(row -> row.contender().equals(Findings.LINE_RATE) && row.median() == 18.5);
    assertThat(results.series()).singleElement().matches(series -> series.caseName().equals(LEVEL));
  }

  @Test
  void theTerminalShowsWhatWasMeasuredPublishedMissedAndMissing() {
    Experiment modes = Experiments.named("modes", Scale.FULL);
    Samples samples = samples();
    samples.add(sample(LEVEL, ModesExperiment.AUTO, 1, Measure.TOTAL, 20.25));
    samples.add(Sample.failed(new Piece(LEVEL, "drover hybrid", 1, 1), "link was cut", 1));
    samples.add(
        sample("1 Gbit/s, limit", ModesExperiment.STOCK_PRECOPY, 1, Measure.CONVERGENCE, 48));
    String text = String.join("\n", BenchTable.lines(results(modes, samples)));
    assertThat(text)
        .contains(
            "published hybrid",
            " 47",
            "20.3",
            "failed: link was cut",
            "more targets were not measured")
        .containsPattern("stock pre-copy +convergence limit 48 MB")
        .containsPattern("published pre-copy +convergence limit 32 MB")
        .doesNotContain("10 Gbit/s");
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
