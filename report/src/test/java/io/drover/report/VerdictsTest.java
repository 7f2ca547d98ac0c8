package io.drover.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.report.Duel.Outcome;
import io.drover.report.Yardstick.Better;
import java.util.List;
import org.junit.jupiter.api.Test;

class VerdictsTest {
  private static Verdicts of(Better better, List<Double> ours, List<Double> stock) {
    return Verdicts.of(SampleResults.duel(better, ours, stock, 47));
  }

  @Test
  void lessIsAWinWhereLessIsBetter() {
    Verdicts verdicts = of(Better.LOWER, List.of(19.0, 20.0, 21.0), List.of(38.0, 40.0, 41.0));
    assertThat(verdicts.summary())
        .contains("Total time: drover auto 50\u00a0% less than stock hybrid (Drover wins).");
    assertThat(verdicts.wins())
        .containsExactly(
            "Total time, drover auto against stock hybrid: 50\u00a0% less (idle: 20.0\u00a0s"
                + " instead of 40.0\u00a0s).");
    assertThat(verdicts.losses()).isEmpty();
  }

  @Test
  void lessIsALossWhereMoreIsBetter() {
    Verdicts verdicts = of(Better.HIGHER, List.of(20.0), List.of(40.0));
    assertThat(verdicts.losses()).hasSize(1);
    assertThat(verdicts.wins()).isEmpty();
  }

  @Test
  void aSmallLossIsALossWhenTheRunsAgree() {
    Verdicts verdicts = of(Better.LOWER, List.of(10.4, 10.41), List.of(10.0, 10.01));
    assertThat(verdicts.losses().getFirst()).contains("4\u00a0% more (idle:");
  }

  @Test
  void runsThatLieAmongEachOtherAreTooCloseToCallAndTheDifferenceIsStillSaid() {
    Verdicts verdicts = of(Better.LOWER, List.of(10.0, 12.0, 14.0), List.of(9.0, 10.0, 11.0));
    assertThat(verdicts.wins()).isEmpty();
    assertThat(verdicts.losses()).isEmpty();
    assertThat(verdicts.close().getFirst()).contains("20\u00a0% more (idle:");
  }

  @Test
  void oneDisturbedRunDoesNotMakeADraw() {
    Verdicts verdicts =
        of(
            Better.LOWER,
            List.of(10.0, 11.0, 10.5, 10.2, 30.0),
            List.of(20.0, 21.0, 22.0, 20.5, 21.5));
    assertThat(verdicts.wins()).hasSize(1);
  }

  @Test
  void oneRunEachIsComparedButSaidToBeOneRun() {
    Verdicts verdicts = of(Better.LOWER, List.of(10.0), List.of(20.0));
    assertThat(verdicts.wins()).hasSize(1);
    assertThat(verdicts.summary())
        .contains("Every number is from one run: a small difference may be chance.");
  }

  @Test
  void zerosCompareWithoutARatio() {
    assertThat(of(Better.LOWER, List.of(0.0), List.of(0.0)).close()).hasSize(1);
    assertThat(of(Better.LOWER, List.of(3.0), List.of(0.0)).losses().getFirst())
        .contains("more (idle: 3.00\u00a0s instead of 0\u00a0s)");
    assertThat(of(Better.LOWER, List.of(0.0), List.of(3.0)).wins().getFirst())
        .contains("100.0\u00a0% less");
  }

  @Test
  void whatIsManyTimesAsMuchIsSaidAsAFactor() {
    assertThat(of(Better.LOWER, List.of(24.0), List.of(10.0)).losses().getFirst())
        .contains("2.40 times as much (idle:");
  }

  @Test
  void whereNothingCanBeComparedTheVerdictSaysSo() {
    assertThat(of(Better.LOWER, List.of(10.0), List.of()).summary())
        .contains("Nothing was measured of both Drover and a stock tool, so nobody wins.");
    assertThat(Verdicts.of(SampleResults.nothing()).summary())
        .containsExactly("Nothing was measured, so there is no verdict.");
    assertThat(Report.summary(SampleResults.nothing())).hasSize(1);
  }

  @Test
  void everyCaseOfASweepIsCountedOnce() {
    Findings findings = Findings.of(SampleResults.sweep());
    assertThat(findings.comparisons()).isNotEmpty();
    for (Findings.Comparison comparison : findings.comparisons()) {
      int counted =
          comparison.of(Outcome.WINS).size()
              + comparison.of(Outcome.LEVEL).size()
              + comparison.of(Outcome.LOSES).size();
      assertThat(counted).isEqualTo(comparison.duels().size()).isEqualTo(18);
    }
    assertThat(Verdicts.of(SampleResults.sweep()).losses())
        .anyMatch(loss -> loss.contains("drover auto") && loss.contains("10 Gbit/s, 0 MB"));
  }
}
