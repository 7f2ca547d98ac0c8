package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.ApiClient;
import io.drover.api.GuestView;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.model.ByteSize;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Moves in and between sites, with clients far away. */
@Tag("real")
class WanMovesIT {
  private static final LabStore STORE = LabStore.ofMachine();
  private static final LabName NAME = new LabName("it-far");

  @BeforeAll
  static void needed() {
    Capabilities.require(
        "unshare", "nsenter", "ip", "tc", "bridge", "named", "qemu-system-x86_64", "gcc");
  }

  @AfterEach
  void nothingStays() {
    STORE.read(NAME.value()).ifPresent(record -> Leftovers.remove(STORE, record));
    STORE.removeRootIfEmpty();
  }

  private static MigrationView move(Lab lab, LabGuest guest, String from, String to) {
    ApiClient source = ApiClient.local(LabAgents.socket(lab, from));
    MigrationView view = source.migrate(MigrationRequest.of(guest.name(), to).withMode("precopy"));
    long deadline = System.nanoTime() + Duration.ofMinutes(2).toNanos();
    while (view.outcome().isEmpty() && System.nanoTime() < deadline) {
      Fleet.pause(50);
      view = source.migration(view.id());
    }
    assertThat(view.outcome()).as("%s", view).contains("completed");
    return view;
  }

  @Test
  void aMoveWithinASiteKeepsFarClientsOfBothVersions() {
    GuestImage image =
        new GuestImageBuilder(GuestImageBuilder.defaultCache(System.getenv()), _ -> {}).image();
    LabRecord record;
    try (Lab lab = Lab.up(STORE, LabPlan.of(NAME, TopologyFile.wan()), _ -> {})) {
      record = lab.record();
      LabGuest guest =
          new LabGuest(lab, image, "far", 0, new Workload.Serving(), ByteSize.ofMebibytes(192));
      GuestView _ = ApiClient.local(LabAgents.socket(lab, "alpha")).startGuest(guest.spec());
      guest.awaitLoaded("alpha");
      Duration patience = Duration.ofSeconds(30);
      try (Clients old = Clients.of(lab, image, "192.0.2.100", Clients.LAWFUL, patience);
          Clients fresh = Clients.of(lab, image, "2001:db8:a::100", Clients.LAWFUL, patience)) {
        Fleet.pause(1000);
        old.mark();
        fresh.mark();
        MigrationView view = move(lab, guest, "alpha", "beta");
        Fleet.pause(3000);
        assertThat(old.reports().values()).as("%s", view).noneMatch(ClientReport::isCutOff);
        assertThat(fresh.reports().values()).as("%s", view).noneMatch(ClientReport::isCutOff);
      }
      MigrationView _ = move(lab, guest, "beta", "gamma");
      assertThat(guest.faults()).isEmpty();
    }
    assertThat(Leftovers.find(STORE, record)).isEmpty();
  }
}
