package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.lab.Experiments.Scale;
import io.drover.model.ProblemException;
import io.drover.report.Absence;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchPlanTest {
  private static final Experiment MODES = Experiments.named("modes", Scale.FULL);
  private static final List<Piece> PLAN = MODES.plan(OptionalInt.empty());

  @TempDir Path folder;

  @Test
  void theSweepBeginsWithAutoAndStockHybridOnTheSlowLink() {
    assertThat(PLAN.subList(0, 18))
        .allMatch(piece -> piece.caseName().startsWith("1 Gbit/s, "))
        .extracting(Piece::contender)
        .containsOnly(ModesExperiment.AUTO, ModesExperiment.STOCK_HYBRID);
    assertThat(PLAN.get(16).caseName()).isEqualTo("1 Gbit/s, 8192 MB");
    assertThat(PLAN.get(18).caseName()).isEqualTo("10 Gbit/s, 0 MB");
  }

  @Test
  void coversEveryLevelOfBothLinksWithSixContendersAndNothingTwice() {
    assertThat(PLAN).hasSize(2 * 9 * 6 + 2 * 2);
    assertThat(PLAN.stream().map(piece -> piece.caseName() + piece.contender() + piece.run()))
        .doesNotHaveDuplicates();
  }

  @Test
  void contendersAlternateAndSoDoesWhoBegins() {
    List<String> order =
        Experiments.named("auto", Scale.FULL).plan(OptionalInt.of(2)).stream()
            .map(Piece::contender)
            .toList();
    assertThat(order)
        .containsExactly(
            ModesExperiment.AUTO,
            ModesExperiment.STOCK_HYBRID,
            ModesExperiment.STOCK_HYBRID,
            ModesExperiment.AUTO);
    assertThat(PLAN.get(0).contender()).isNotEqualTo(PLAN.get(2).contender());
  }

  @Test
  void theQuickSweepIsAboutATenthAndTakesUnderFiveMinutes() {
    List<Piece> quick = Experiments.named("modes", Scale.QUICK).plan(OptionalInt.of(1));
    assertThat(new Forecast(quick).left(none())).isLessThan(Duration.ofMinutes(5));
    assertThat(quick).hasSizeBetween(PLAN.size() / 12, PLAN.size() / 6);
  }

  private Samples none() {
    return Samples.open(folder, BenchTest.SUBJECT);
  }

  @Test
  void estimatesFollowWhatWasMeasured() {
    List<Piece> plan = Piece.repeated("c", "x", 10, 0, 40);
    Samples samples = none();
    Forecast forecast = new Forecast(plan);
    assertThat(forecast.left(samples)).isEqualTo(Duration.ofSeconds(400));
    samples.add(Sample.of(plan.getFirst(), Measured.of(Map.of(Measure.TOTAL, 1.0)), 20));
    assertThat(forecast.left(samples)).isEqualTo(Duration.ofMinutes(3));
    assertThat(forecast.done(samples)).isEqualTo(1);
    // A failure says nothing of how fast the machine is.
    samples.add(Sample.failed(plan.get(1), "crash", 1));
    assertThat(forecast.left(samples)).isEqualTo(Duration.ofSeconds(160));
  }

  @Test
  void tellsTimesAsPeopleDo() {
    assertThat(Forecast.words(Duration.ofSeconds(40))).isEqualTo("40 s");
    assertThat(Forecast.words(Duration.ofMinutes(12))).isEqualTo("12 min");
    assertThat(Forecast.words(Duration.ofMinutes(85))).isEqualTo("1 h 25 min");
  }

  @Test
  void filtersByNamesOfCasesAndContenders() {
    assertThat(new BenchFilter(List.of("1 Gbit/s, 2048 MB"), List.of("*AUTO")).apply(PLAN))
        .singleElement()
        .matches(piece -> piece.contender().equals(ModesExperiment.AUTO));
    assertThat(new BenchFilter(List.of("10 Gbit/s, *"), List.of("stock *")).apply(PLAN))
        .hasSize(2 * 9 + 1);
    assertThat(BenchFilter.ALL.apply(PLAN)).isEqualTo(PLAN);
    assertThatThrownBy(() -> new BenchFilter(List.of("0 MB"), List.of()).apply(PLAN))
        .isInstanceOfSatisfying(
            ProblemException.class,
            refusal ->
                assertThat(refusal.problem().remedy()).contains("1 Gbit/s, 0 MB; 1 Gbit/s, 1024"));
  }

  @Test
  void anUnknownExperimentListsTheKnownOnes() {
    assertThatThrownBy(() -> Experiments.named("moods", Scale.FULL))
        .isInstanceOfSatisfying(
            ProblemException.class,
            refusal ->
                assertThat(refusal.problem().toString()).contains("moods", "modes", "downtime"));
  }

  @Test
  void guestsThatDoNotFitIntoMemoryAreLeftOutWithTheReason() {
    List<Absence> absences = Prechecks.memory(MODES, PLAN, 12_000);
    assertThat(absences).isNotEmpty().allMatch(absence -> absence.reason().contains("memory"));
    List<Piece> left = Prechecks.without(PLAN, absences);
    assertThat(left).noneMatch(piece -> piece.caseName().endsWith(" 8192 MB"));
    assertThat(left).anyMatch(piece -> piece.caseName().endsWith(" 4096 MB"));
    assertThat(Prechecks.memory(MODES, PLAN, 24_105 - 300)).isEmpty();
  }

  @Test
  void aLoadThatTheImageLacksLeavesOutWhatNeedsItAndNoMore() {
    List<Absence> absences = Prechecks.workloads(MODES, PLAN, new GuestImage(folder));
    List<Piece> left = Prechecks.without(PLAN, absences);
    assertThat(left).isNotEmpty().allMatch(piece -> piece.caseName().endsWith(", 0 MB"));
    StringWriter text = new StringWriter();
    Prechecks.tell(absences, new PrintWriter(text, true)::println);
    assertThat(text.toString()).contains("stress is not in the guest image");
  }

  @Test
  void anAbsenceWithoutACaseConcernsAllOfThem() {
    List<Piece> left =
        Prechecks.without(
            PLAN, List.of(new Absence(ModesExperiment.AUTO, Optional.empty(), "It is gone.")));
    assertThat(left)
        .isNotEmpty()
        .noneMatch(piece -> piece.contender().equals(ModesExperiment.AUTO));
  }

  @Test
  void showsThePlanWithoutDoingIt() {
    List<String> lines = BenchPlanView.plan(MODES, PLAN, BenchPlanView.Form.PEOPLE);
    assertThat(lines).anyMatch(line -> line.contains("1 Gbit/s, 8192 MB"));
    assertThat(lines).anyMatch(line -> line.contains("112 measurements"));
    assertThat(BenchPlanView.plan(MODES, PLAN, BenchPlanView.Form.JSON).getFirst())
        .startsWith("{\"experiment\":\"modes\"");
  }

  @Test
  void aWholeGuestIsCarriedByFourWhoTakeTurnsInLabsOfTheirOwn() {
    Experiment wan = Experiments.named("wan", Scale.FULL);
    List<Piece> plan = wan.plan(OptionalInt.empty());
    assertThat(plan).hasSize(2 * 4 * 3);
    assertThat(plan.subList(0, 8))
        .extracting(Piece::contender)
        .containsExactly(
            "drover auto",
            "stock mirror",
            "rsync, frozen",
            "scp, frozen",
            "scp, frozen",
            "rsync, frozen",
            "stock mirror",
            "drover auto");
    assertThat(wan.procedure().memoryMebibytes(WanExperiment.WAN)).isEqualTo(2 * 512 + 3 * 256);
    assertThat(new Forecast(plan).left(none()))
        .isBetween(Duration.ofMinutes(15), Duration.ofMinutes(35));
    assertThat(
            new Forecast(Experiments.named("wan", Scale.QUICK).plan(OptionalInt.of(1)))
                .left(none()))
        .isLessThan(Duration.ofMinutes(7));
  }

  @Test
  void imagesThatTheFolderOfLabsHasNoRoomForAreLeftOutWithTheReason() {
    Experiment wan = Experiments.named("wan", Scale.FULL);
    List<Piece> plan = wan.plan(OptionalInt.of(1));
    assertThat(Prechecks.room(wan, plan, 1 << 20)).isEmpty();
    List<Absence> absences = Prechecks.room(wan, plan, 100);
    assertThat(absences).hasSize(8).allMatch(each -> each.reason().contains("/run/drover-lab"));
    assertThat(Prechecks.without(plan, absences)).isEmpty();
    assertThat(Prechecks.room(MODES, PLAN, 100)).isEmpty();
    assertThat(Prechecks.freeMebibytes(folder.resolve("not/there/yet"))).isPositive();
  }

  @Test
  void bisectsWhatWorks() {
    for (int limit : List.of(0, 5, 16, 47, 48, 400, 1000, 1024, 5000)) {
      Bisection bisection = new Bisection(1024, 16);
      Map<Integer, Boolean> known = new HashMap<>();
      int tries = 0;
      for (OptionalInt next = bisection.next(known);
          next.isPresent();
          next = bisection.next(known)) {
        int tried = next.getAsInt();
        assertThat(known).doesNotContainKey(tried);
        assertThat(tried % 16).isZero();
        assertThat(tried).isBetween(16, 1024);
        known.put(tried, tried <= limit);
        tries++;
      }
      assertThat(tries).as("limit %d", limit).isLessThanOrEqualTo(8);
      assertThat(bisection.limit(known))
          .as("limit %d", limit)
          .isEqualTo(Math.min(1024, limit / 16 * 16));
    }
  }

  @Test
  void aBisectionUsesWhatTheSweepFoundAndGoesOnWhereItWas() {
    Experiment.Moves moves = (Experiment.Moves) MODES.procedure();
    Experiment.Limit limit = moves.limits().getFirst();
    Samples samples = none();
    Steps steps = new Steps(new PrintWriter(new StringWriter()), Steps.Style.PLAIN);
    Piece piece = new Piece(limit.caseName(), ModesExperiment.STOCK_PRECOPY, 1, 1);
    samples.add(
        Sample.of(
            new Piece("1 Gbit/s, 1024 MB", ModesExperiment.STOCK_PRECOPY, 1, 1),
            Measured.absent("It does not converge."),
            1));
    HashSet<Integer> tried = new HashSet<>();
    LimitSite site =
        new LimitSite(
            moves,
            limit,
            (one, by) -> {
              tried.add(one.workload().mebibytes());
              return one.workload().mebibytes() <= 60
                  ? Measured.of(Map.of(Measure.TOTAL, 1.0))
                  : Measured.absent("It does not converge.");
            },
            samples,
            steps);
    assertThat(site.measure(piece).values()).containsEntry(Measure.CONVERGENCE, 48.0);
    assertThat(tried).contains(512, 48, 64).doesNotContain(1024);
    tried.clear();
    assertThat(site.measure(piece).values()).containsEntry(Measure.CONVERGENCE, 48.0);
    assertThat(tried).isEmpty();
  }
}
