package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.MigrationView;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a guest's clients outside notice of its moves within one subnet. */
@Tag("real")
class ClientsIT {
  /** What a busy test machine may add to any gap; the benchmark measures exactly. */
  private static final double SLACK_MILLIS = 1000;

  private static Optional<Fleet> up = Optional.empty();

  @BeforeAll
  static void begin() {
    up = Optional.of(Fleet.up("it-clients"));
  }

  @AfterAll
  static void end() {
    up.ifPresent(Fleet::close);
  }

  @AfterEach
  void reset() {
    fleet().reset();
  }

  private static Fleet fleet() {
    return up.orElseThrow();
  }

  private static Clients clients(Traveller guest) {
    return Clients.of(
        fleet().lab(), fleet().image(), guest.address(), Clients.LAWFUL, Duration.ofSeconds(30));
  }

  @Test
  void noConnectionOfAnyKindIsLostInOneSubnet() {
    Traveller guest = fleet().boot(Fleet.ALPHA, new Workload.Serving(), 192, 1, "");
    try (Clients clients = clients(guest)) {
      for (String mode : List.of("precopy", "postcopy", "hybrid", "auto")) {
        Fleet.pause(1000);
        clients.mark();
        MigrationView view = guest.move(mode);
        Fleet.pause(2500);
        double downtime = view.downtimeMillis().orElseThrow();
        double most = downtime + RetransmissionTime.inForceMillis(downtime, 0) + SLACK_MILLIS;
        Map<ClientKind, ClientReport> reports = clients.reports();
        assertThat(reports.keySet()).containsExactlyInAnyOrderElementsOf(Clients.LAWFUL);
        assertThat(reports.values())
            .as("%s, away for %.0f ms", mode, downtime)
            .noneMatch(ClientReport::isCutOff)
            .allMatch(report -> report.gapMillis() < most);
      }
    }
    guest.assertNoFaults();
  }

  @Test
  void aGuestThatNeverSpeaksFirstIsReachedAtOnceAfterItsMove() {
    Traveller guest = fleet().boot(Fleet.ALPHA, new Workload.Serving(), 192, 1, "");
    try (ClientProbe _ =
        ClientProbe.of(fleet().lab(), fleet().image(), ClientKind.SINK, guest.address())) {
      fleet().until("something came", () -> guest.silentTraffic().isPresent());
      MigrationView view = guest.move("precopy");
      fleet()
          .until(
              "it is reached on " + guest.host(),
              Duration.ofSeconds(8),
              () -> guest.silentTraffic().isPresent());
      SilentTraffic traffic = guest.silentTraffic().orElseThrow();
      double gap = (double) traffic.longestRun() * ClientKind.SINK.interval().toMillis();
      assertThat(traffic.sunk()).isPositive();
      assertThat(gap).isLessThan(view.downtimeMillis().orElseThrow() + SLACK_MILLIS);
    }
  }

  @Test
  void aStrictFirewallKeepsEstablishedConnectionsAndNeverLetsOthersIn() {
    Traveller guest = fleet().boot(Fleet.ALPHA, new Workload.Serving(), 192, 1, "");
    StrictFilter.harden(fleet().lab());
    StrictFilter.load(fleet().lab(), Fleet.ALPHA, guest.labGuest());
    try (Clients clients = clients(guest);
        ClientProbe _ =
            ClientProbe.of(fleet().lab(), fleet().image(), ClientKind.FORBIDDEN, guest.address())) {
      for (String mode : List.of("precopy", "postcopy", "hybrid", "cold")) {
        Fleet.pause(1000);
        clients.mark();
        MigrationView view = guest.move(mode);
        Fleet.pause(2500);
        assertThat(clients.reports().values())
            .as("%s: %s", mode, view)
            .noneMatch(ClientReport::isCutOff);
        assertThat(guest.silentTraffic().orElseThrow().forbidden()).as("%s", view).isZero();
      }
    }
    guest.assertNoFaults();
    fleet()
        .lab()
        .node(guest.host())
        .run("nft", "delete", "table", "inet", "drover_" + guest.name());
  }
}
