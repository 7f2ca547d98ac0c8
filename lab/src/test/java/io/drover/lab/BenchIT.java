package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.ApiClient;
import io.drover.report.Absence;
import io.drover.report.CaseKey;
import io.drover.report.Report;
import io.drover.report.Results;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The published sweep, made tiny: from its checks to its report, with real agents. */
@Tag("real")
class BenchIT {
  private static final LabStore STORE = LabStore.ofMachine();
  private static final LabName LAB = new LabName("it-b");
  private static final ModesExperiment.Extent TINY =
      new ModesExperiment.Extent(List.of(PublishedLink.GIGABIT), List.of(0, 64), 64, 64, 64);

  @TempDir Path folder;

  @BeforeAll
  static void needed() {
    Capabilities.require(
        "unshare", "ip", "tc", "ping", "qemu-system-x86_64", "gcc", "busybox", "stress");
  }

  @AfterEach
  void nothingStays() {
    STORE.read(LAB.value()).ifPresent(record -> Leftovers.remove(STORE, record));
    STORE.removeRootIfEmpty();
  }

  private String run(Experiment experiment, List<Piece> plan) {
    StringWriter story = new StringWriter();
    GuestImage image =
        new GuestImageBuilder(GuestImageBuilder.defaultCache(System.getenv()), _ -> {}).image();
    boolean good =
        new BenchSession(experiment, plan, folder, "drover bench modes", List.of("It is tiny."))
            .run(
                socket -> new AgentControl(ApiClient.local(socket)),
                image,
                LAB,
                new Steps(new PrintWriter(story), Steps.Style.PLAIN),
                null);
    assertThat(good).as(story.toString()).isTrue();
    return story.toString();
  }

  @Test
  void aTinySweepOfModesLeavesACompleteReportAndGoesOnWhenAskedForMore() throws Exception {
    Experiment modes = ModesExperiment.of(TINY);
    BenchFilter stock =
        new BenchFilter(
            List.of("1 Gbit/s, 0 MB", "1 Gbit/s, 64 MB"),
            List.of("drover auto", "drover pre-copy"));
    List<Piece> plan = stock.apply(modes.plan(OptionalInt.of(1)));
    String story = run(modes, plan.subList(0, 1));
    assertThat(story).contains("1 Gbit/s, 0 MB", "✔ drover auto, run 1: total");
    story = run(modes, plan);
    assertThat(story).contains("goes on after 1 samples", "1 of 4 measured");

    Results results = Report.read(Files.readString(folder.resolve("results.json")));
    assertThat(results.experiment()).isEqualTo("modes");
    assertThat(results.notes()).containsExactly("It is tiny.");
    assertThat(results.environment()).containsKeys("qemu", "drover", "accelerator", "link");
    assertThat(results.cases()).extracting(CaseKey::name).contains("1 Gbit/s, 0 MB");
    assertThat(results.measures())
        .anyMatch(row -> row.measure().equals("total") && row.contender().equals("line rate"))
        .anyMatch(row -> row.measure().equals("client gap") && row.median() > 0)
        .anyMatch(row -> row.measure().equals("total over ideal") && row.median() > 0.5);
    // The guest is measured once its load has all of its memory, not before. Some of that memory
    // was used during the boot, so it is less than 64 MiB more than in an idle guest.
    assertThat(ideal(results, "1 Gbit/s, 64 MB") - ideal(results, "1 Gbit/s, 0 MB"))
        .isBetween(0.25, 1.5);
    // Whether 64 MB under stress converge depends on the machine; either is told.
    Optional<Absence> gaveUp =
        results.absences().stream()
            .filter(absence -> absence.caseName().equals(Optional.of("1 Gbit/s, 64 MB")))
            .findFirst();
    assertThat(results.series())
        .hasSize(gaveUp.isPresent() ? 1 : 2)
        .allMatch(each -> each.caseName().equals("1 Gbit/s, 64 MB") && each.points().size() > 5);
    gaveUp.ifPresent(absence -> assertThat(absence.reason()).contains("does not converge"));
    assertThat(folder.resolve("results.csv")).content().contains("drover pre-copy", "published");
    assertThat(STORE.read(LAB.value())).isEmpty();
  }

  private static double ideal(Results results, String caseName) {
    return results.measures().stream()
        .filter(row -> row.contender().equals("line rate") && row.caseName().equals(caseName))
        .findFirst()
        .orElseThrow()
        .median();
  }
}
