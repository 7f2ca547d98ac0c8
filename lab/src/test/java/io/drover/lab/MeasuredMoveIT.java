package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.MigrationRequest;
import io.drover.model.ByteRate;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Measures moves that QEMU makes by itself, so that the measuring is known to work. */
@Tag("real")
class MeasuredMoveIT {
  private static final LabStore STORE = LabStore.ofMachine();

  @BeforeAll
  static void needed() {
    Capabilities.require("unshare", "ip", "tc", "ping", "qemu-system-x86_64", "gcc", "busybox");
  }

  @AfterEach
  void nothingStays() {
    STORE.read("it-m").ifPresent(record -> Leftovers.remove(STORE, record));
  }

  private static MeasuredMove move(Workload workload) {
    GuestImage image =
        new GuestImageBuilder(GuestImageBuilder.defaultCache(System.getenv()), _ -> {}).image();
    LabPlan plan =
        LabPlan.of(new LabName("it-m"), LinkShape.ofRate(ByteRate.parse("1gbit")))
            .withAgents(LabPlan.Agents.NONE);
    LabRecord record;
    MeasuredMove move;
    try (Lab lab = Lab.up(STORE, plan, _ -> {})) {
      record = lab.record();
      HostControl.Factory hosts =
          new StockHosts(lab, StockPrograms.ofMachine(), java.util.Set.of()).factory();
      HostControl alpha = hosts.at(LabAgents.socket(lab, "alpha"));
      LabGuest guest = new LabGuest(lab, image, "demo", 0, workload, LabGuest.memoryFor(workload));
      alpha.startGuest(guest.spec());
      guest.awaitLoaded("alpha");
      move =
          MeasuredMove.run(
              lab,
              guest,
              "alpha",
              "beta",
              alpha,
              MigrationRequest.of("demo", "beta"),
              MeasuredMove.GiveUp.NEVER,
              _ -> {});
    }
    assertThat(Leftovers.find(STORE, record)).isEmpty();
    return move;
  }

  @Test
  void aMoveIsSeenByTheClientOnTheWireAndInMemory() {
    MeasuredMove move = move(new Workload.Verified(64, 20));
    assertThat(move.completed()).isTrue();
    assertThat(move.memoryVerified()).isTrue();
    assertThat(move.faults()).isEmpty();
    assertThat(move.linkBytes()).isGreaterThan(64L << 20);
    assertThat(move.clientGapMillis()).isPositive();
    assertThat(move.processorTime()).isPositive();
    assertThat(move.linkMegabitsPerSecond()).isBetween(50.0, 1100.0);
    System.out.println("measured: " + DemoReport.of(move, java.util.List.of(), Optional.empty()));
  }

  @Test
  void memoryThatIsNotWhatItWasIsReported() {
    MeasuredMove move = move(new Workload.Corrupted(64, 20, 1));
    assertThat(move.completed()).isTrue();
    assertThat(move.memoryVerified()).isFalse();
    assertThat(move.memoryErrors()).isPositive();
    assertThat(DemoReport.of(move, java.util.List.of(), Optional.empty()).good()).isFalse();
  }
}
