package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.report.CaseKey;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ReachTest {
  private static final String REPORT =
      "DROVER client kind=udp sent=326 answers=325 gap=20253 end=25679980713 slowest=5715"
          + " silent=4000 lost=1 why=nothing broken=0 at=25680422456";

  @Test
  void readsWhatAClientReports() {
    assertThat(ClientReport.parse(REPORT))
        .contains(
            new ClientReport(
                ClientKind.UDP, 326, 325, 20.253, 25_679_980_713_000L, 5.715, 4, 1, 0, "nothing"));
    assertThat(ClientReport.parse("DROVER client-ready kind=udp")).isEmpty();
    SplittableRandom random = new SplittableRandom(11);
    for (int round = 0; round < 2000; round++) {
      String line = REPORT.substring(0, random.nextInt(REPORT.length() - 1));
      Optional<ClientReport> read = ClientReport.parse(line);
      // All that matters stands before the time of the report itself.
      assertThat(read.isPresent()).isEqualTo(line.contains(" broken=0"));
    }
  }

  @Test
  void whoHeardNothingForLongOrLostAConnectionIsCutOff() {
    ClientReport well = ClientReport.parse(REPORT).orElseThrow();
    assertThat(well.isCutOff()).isFalse();
    assertThat(ClientReport.parse(REPORT.replace("silent=4000", "silent=2000001")).orElseThrow())
        .matches(ClientReport::isCutOff);
    assertThat(ClientReport.parse(REPORT.replace("broken=0", "broken=1")).orElseThrow())
        .matches(ClientReport::isCutOff);
    String sink = REPORT.replace("kind=udp", "kind=sink").replace("silent=4000", "silent=9000000");
    assertThat(ClientReport.parse(sink).orElseThrow().isCutOff())
        .as("nobody answers it anyway")
        .isFalse();
  }

  @Test
  void readsWhatASilentGuestTookIn() {
    String line = "DROVER net sink=205 last=214 missing=10 run=7 forbidden=3 ok";
    assertThat(SilentTraffic.parse(line)).contains(new SilentTraffic(205, 214, 10, 7, 3));
    for (int cut = 0; cut < line.length(); cut++) {
      assertThat(SilentTraffic.parse(line.substring(0, cut))).isEmpty();
    }
  }

  @Test
  void theTimeOutThatRunsWhenAnOutageEndsGrowsWithIt() {
    assertThat(RetransmissionTime.inForceMillis(0, 20)).isEqualTo(220);
    assertThat(RetransmissionTime.inForceMillis(200, 20)).isEqualTo(220);
    assertThat(RetransmissionTime.inForceMillis(500, 0)).isEqualTo(400); // sent again at 200, 600
    assertThat(RetransmissionTime.inForceMillis(3000, 0)).isEqualTo(1600); // … at 1400, 3000
    assertThat(RetransmissionTime.inForceMillis(3001, 0)).isEqualTo(3200);
  }

  @Test
  void eachMethodGoesThereAndBackInALabOfItsOwn() {
    Experiment experiment = ContinuityExperiment.of();
    List<Piece> plan = experiment.plan(OptionalInt.of(2));
    assertThat(experiment.procedure().cases())
        .extracting(CaseKey::name)
        .containsExactly("one subnet", "across subnets");
    for (int i = 1; i < plan.size(); i += 2) {
      assertThat(plan.get(i).caseName()).isEqualTo(plan.get(i - 1).caseName());
      assertThat(plan.get(i).contender()).isEqualTo(plan.get(i - 1).contender());
      assertThat(plan.get(i).run()).isEqualTo(2);
    }
    assertThat(experiment.procedure().memoryMebibytes("one subnet")).isEqualTo(1024);
  }
}
