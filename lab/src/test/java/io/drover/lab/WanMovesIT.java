package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.ApiClient;
import io.drover.api.GuestView;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.model.ByteSize;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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

  private static Lab up() {
    return Lab.up(STORE, LabPlan.of(NAME, TopologyFile.wan()), _ -> {});
  }

  private static GuestImage image() {
    return new GuestImageBuilder(GuestImageBuilder.defaultCache(System.getenv()), _ -> {}).image();
  }

  private static LabGuest boot(Lab lab, String bridge) {
    LabGuest guest =
        new LabGuest(
            lab,
            image(),
            "far",
            0,
            new Workload.Serving(),
            ByteSize.ofMebibytes(192),
            lab.record().topology().guestsOf(bridge),
            Optional.empty());
    GuestView _ = ApiClient.local(LabAgents.socket(lab, "alpha")).startGuest(guest.spec());
    guest.awaitLoaded("alpha");
    return guest;
  }

  private static List<Clients> clients(Lab lab, String bridge) {
    List<Clients> all = new ArrayList<>();
    for (String address : lab.record().topology().guestsOf(bridge).bareAddresses(0)) {
      all.add(Clients.of(lab, image(), address, Clients.LAWFUL, Duration.ofSeconds(30)));
    }
    return all;
  }

  /** Moves the guest and asks its clients of both versions of IP. */
  private static void moveKeepingClients(
      Lab lab, LabGuest guest, List<Clients> clients, String from, String to) {
    Fleet.pause(1000);
    clients.forEach(Clients::mark);
    MigrationView view = move(lab, guest, from, to);
    Fleet.pause(4000);
    for (Clients each : clients) {
      assertThat(each.reports().values())
          .as("%s to %s: %s", from, to, view)
          .noneMatch(ClientReport::isCutOff);
    }
  }

  @Test
  void aMoveWithinASiteKeepsFarClientsOfBothVersions() {
    LabRecord record;
    try (Lab lab = up()) {
      record = lab.record();
      LabGuest guest = boot(lab, "br0");
      List<Clients> clients = clients(lab, "br0");
      moveKeepingClients(lab, guest, clients, "alpha", "beta");
      clients.forEach(Clients::close);
      assertThat(guest.faults()).isEmpty();
    }
    assertThat(Leftovers.find(STORE, record)).isEmpty();
  }

  @Test
  void movesAcrossSubnetsKeepFarClientsOfBothVersions() {
    try (Lab lab = up()) {
      LabGuest guest = boot(lab, "vm0");
      List<Clients> clients = clients(lab, "vm0");
      moveKeepingClients(lab, guest, clients, "alpha", "gamma");
      moveKeepingClients(lab, guest, clients, "gamma", "beta");
      moveKeepingClients(lab, guest, clients, "beta", "alpha");
      clients.forEach(Clients::close);
      assertThat(guest.faults()).isEmpty();
    }
  }

  @Test
  void aStrictFirewallKeepsEstablishedConnectionsAcrossSubnetsAndNeverLetsOthersIn() {
    try (Lab lab = up()) {
      LabGuest guest = boot(lab, "vm0");
      StrictFilter.harden(lab);
      StrictFilter.load(lab, "alpha", guest);
      try (ClientProbe forbidden =
          ClientProbe.of(lab, image(), ClientKind.FORBIDDEN, guest.address())) {
        List<Clients> clients = clients(lab, "vm0");
        moveKeepingClients(lab, guest, clients, "alpha", "gamma");
        assertThat(guest.serial("gamma").silentTraffic().orElseThrow().forbidden()).isZero();
        moveKeepingClients(lab, guest, clients, "gamma", "alpha");
        assertThat(guest.serial("alpha").silentTraffic().orElseThrow().forbidden()).isZero();
        assertThat(forbidden.report().answers()).isZero();
        assertThat(forbidden.report().sent()).isGreaterThan(1000);
        clients.forEach(Clients::close);
      }
    }
  }

  @Test
  void aSilentGuestIsReachedAtOnceAcrossSubnets() {
    try (Lab lab = up()) {
      LabGuest guest = boot(lab, "vm0");
      try (ClientProbe _ = ClientProbe.of(lab, image(), ClientKind.SINK, guest.address())) {
        Fleet.pause(2500);
        MigrationView view = move(lab, guest, "alpha", "gamma");
        Fleet.pause(3000);
        SilentTraffic traffic = guest.serial("gamma").silentTraffic().orElseThrow();
        double gap = (double) traffic.longestRun() * ClientKind.SINK.interval().toMillis();
        assertThat(gap).isLessThan(view.downtimeMillis().orElseThrow() + 1000);
      }
    }
  }

  @Test
  void aStoppedNameServerAndAFirstHostThatIsSwitchedOffDoNotHarmTheGuest() {
    try (Lab lab = up()) {
      LabGuest guest = boot(lab, "vm0");
      lab.stopPrograms("dns");
      try (Clients clients =
          Clients.of(lab, image(), guest.address(), Clients.LAWFUL, Duration.ofSeconds(30))) {
        moveKeepingClients(lab, guest, List.of(clients), "alpha", "gamma");
        lab.off("alpha");
        Fleet.pause(3000);
        // The world's route still leads to alpha: nobody can know better without a route of its
        // own.
        assertThat(clients.reports().values()).anyMatch(ClientReport::isCutOff);
      }
      long lines = guest.serial("gamma").lines();
      Fleet.pause(2500);
      assertThat(guest.serial("gamma").lines()).isGreaterThan(lines);
      assertThat(ApiClient.local(LabAgents.socket(lab, "gamma")).guest(guest.name()).state())
          .isEqualTo("running");
      // An upstream that learns where the guest is brings its clients back.
      lab.node("router-a").run("ip", "route", "add", guest.address(), "via", "203.0.113.2");
      lab.node("router-c").run("ip", "route", "add", guest.address(), "via", "203.0.113.2");
      lab.node("router-b").run("ip", "route", "add", guest.address(), "via", "198.51.100.11");
      try (Clients clients =
          Clients.of(lab, image(), guest.address(), Clients.LAWFUL, Duration.ofSeconds(30))) {
        Fleet.pause(2000);
        assertThat(clients.reports().values()).noneMatch(ClientReport::isCutOff);
      }
    }
  }
}
