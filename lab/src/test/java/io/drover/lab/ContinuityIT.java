package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.MigrationView;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a guest's clients outside notice of its moves within one subnet. */
@Tag("real")
class ContinuityIT {
  private static java.util.Optional<Fleet> up = java.util.Optional.empty();

  @BeforeAll
  static void begin() {
    up = java.util.Optional.of(Fleet.up("it-cont"));
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

  @Test
  void noConnectionOfAnyKindIsLostInOneSubnet() {
    Traveller guest = fleet().boot(Fleet.ALPHA, new Workload.Serving(), 192, 1, "");
    try (Clients clients =
        Clients.of(fleet().lab(), fleet().image(), guest.address(), Clients.LAWFUL)) {
      for (String mode : java.util.List.of("precopy", "precopy", "postcopy", "hybrid")) {
        Fleet.pause(1000);
        clients.mark();
        MigrationView view = guest.move(mode);
        Fleet.pause(2500);
        Map<ClientKind, ClientReport> reports = clients.reports();
        System.out.println(mode + " downtime " + view.downtimeMillis());
        reports.values().forEach(System.out::println);
        System.out.println(guest.silentTraffic());
        reports.forEach((kind, report) -> assertThat(report.broken()).as("%s", report).isZero());
      }
    }
  }
}
