package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.model.ByteRate;
import io.drover.model.Mode;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The benchmark's guest goes there and back, with QEMU's own means. */
@Tag("real")
class MovingGuestIT {
  private static final LabStore STORE = LabStore.ofMachine();

  @BeforeAll
  static void needed() {
    Capabilities.require("unshare", "ip", "tc", "ping", "qemu-system-x86_64", "gcc", "busybox");
  }

  @AfterEach
  void nothingStays() {
    STORE.read("it-g").ifPresent(record -> Leftovers.remove(STORE, record));
  }

  @Test
  void measuresEveryMoveThereAndBack() {
    GuestImage image =
        new GuestImageBuilder(GuestImageBuilder.defaultCache(System.getenv()), _ -> {}).image();
    Case one =
        new Case(
            "touched",
            LinkShape.ofRate(ByteRate.parse("1gbit")),
            new Workload.Touched(64),
            Mode.PRECOPY);
    AtomicReference<StockHosts> hosts = new AtomicReference<>();
    Contender contender = Contender.of("native", Way.PLAIN);
    try (MovingGuest guest =
        new MovingGuest(
            () -> {
              Lab lab =
                  Lab.up(
                      STORE,
                      LabPlan.of(new LabName("it-g"), one.shape()).withAgents(LabPlan.Agents.NONE),
                      _ -> {});
              hosts.set(new StockHosts(lab, StockPrograms.ofMachine(), java.util.Set.of()));
              return lab;
            },
            socket -> java.util.Objects.requireNonNull(hosts.get()).factory().at(socket),
            image,
            one)) {
      for (int run = 0; run < 3; run++) {
        Measured measured = guest.move(contender, _ -> {});
        Map<Measure, Double> values = measured.values();
        assertThat(measured.linkUse()).hasSizeGreaterThan(2);
        assertThat(values.get(Measure.LINK_BYTES)).isGreaterThan(64);
        assertThat(values.get(Measure.LINE_RATIO)).isBetween(0.5, 20.0);
        assertThat(values.get(Measure.SOURCE_PROCESSOR)).isPositive();
        // This load does not check itself, and silence is no proof.
        assertThat(values).doesNotContainKey(Measure.MEMORY_ERRORS);
        System.out.println("measured: " + values);
      }
    }
    assertThat(STORE.read("it-g")).isEmpty();
  }
}
