package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.drover.api.ApiClient;
import io.drover.model.ByteRate;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everybody carries a whole guest with a small disk, and the disk is checked when it arrived. */
@Tag("real")
class RelocationIT {
  private static final LabStore STORE = LabStore.ofMachine();
  private static final LabName NAME = new LabName("it-w");
  private static final LikeDisk DISK = new LikeDisk(0, 8, 10);
  private static final String LINK = "a link";

  /** With a delay, which takes a link of Drover's own, and agents that rehearse without it. */
  private static final LinkShape FAR =
      new LinkShape(Optional.of(ByteRate.parse("200mbit")), 5, 0, 0);

  @TempDir Path folder;

  @BeforeAll
  static void needed() {
    Capabilities.require("unshare", "ip", "tc", "qemu-system-x86_64", "gcc", "busybox");
  }

  @AfterEach
  void nothingStays() {
    STORE.read(NAME.value()).ifPresent(record -> Leftovers.remove(STORE, record));
    STORE.removeRootIfEmpty();
  }

  private Map<Measure, Double> carriedBy(Carrier carrier, LinkShape shape) {
    carrier.absence(StockPrograms.ofMachine()).ifPresent(RelocationIT::missing);
    GuestImage image =
        new GuestImageBuilder(GuestImageBuilder.defaultCache(System.getenv()), _ -> {}).image();
    StringWriter story = new StringWriter();
    Relocations relocations =
        new Relocations(
            DISK, List.of(new Relocations.Relocation(LINK, shape)), List.of(Carrier.values()));
    Sites sites =
        new Sites(
            socket -> new AgentControl(ApiClient.local(socket)),
            image,
            STORE,
            NAME,
            new Steps(new PrintWriter(story), Steps.Style.PLAIN));
    try (Site site = sites.open(relocations, LINK, Samples.open(folder, BenchTest.SUBJECT))) {
      Measured measured = site.measure(new Piece(LINK, carrier.contender(), 1, 1));
      assertThat(measured.absence()).isEmpty();
      assertThat(STORE.read(NAME.value())).isEmpty();
      return measured.values();
    }
  }

  private static double value(Map<Measure, Double> values, Measure measure) {
    return Objects.requireNonNull(values.get(measure), measure.label());
  }

  private static void missing(String reason) {
    if ("true".equals(System.getenv("CI"))) {
      throw new AssertionError(reason);
    }
    assumeThat(reason).isEmpty();
  }

  @Test
  void droverCarriesItAndFindsMostOfTheDiskAtTheTarget() {
    Map<Measure, Double> values = carriedBy(Carrier.AGENTS, FAR);
    assertThat(value(values, Measure.DISK_SPARED)).isBetween(7.0, 8.0);
    assertThat(value(values, Measure.DISRUPTION)).isLessThan(value(values, Measure.TOTAL));
  }

  @Test
  void qemusMirrorCarriesIt() {
    Map<Measure, Double> values = carriedBy(Carrier.MIRROR, FAR);
    assertThat(value(values, Measure.LINK_BYTES)).isGreaterThan(8.0);
    assertThat(value(values, Measure.DISRUPTION)).isLessThan(value(values, Measure.TOTAL));
  }

  @Test
  void rsyncCarriesItAndFindsMostOfTheDiskAtTheTarget() {
    double packed = value(carriedBy(Carrier.RSYNC, Fleet.GIGABIT), Measure.LINK_BYTES);
    double all = value(carriedBy(Carrier.SCP, Fleet.GIGABIT), Measure.LINK_BYTES);
    assertThat(packed).isLessThan(all - 6);
  }

  @Test
  void scpCarriesItWhileItIsFrozen() {
    Map<Measure, Double> values = carriedBy(Carrier.SCP, Fleet.GIGABIT);
    assertThat(value(values, Measure.LINK_BYTES)).isGreaterThan(8.0);
    assertThat(value(values, Measure.DISRUPTION)).isGreaterThan(0.9 * value(values, Measure.TOTAL));
  }
}
