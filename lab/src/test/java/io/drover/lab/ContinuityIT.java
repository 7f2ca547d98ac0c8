package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.drover.api.ContinuityView;
import io.drover.api.MigrationView;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What keeps a guest reachable on one network: announcements, its filter, its connections. */
@Tag("real")
class ContinuityIT {
  private static Optional<Fleet> up = Optional.empty();

  @BeforeAll
  static void begin() {
    Capabilities.require("nft", "conntrack");
    up = Optional.of(Fleet.up("it-continuity"));
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

  private static String tables(String host) {
    return fleet().lab().node(host).run("nft", "list", "tables");
  }

  @Test
  void aGuestsFilterIsInForceWhereverItRunsAndNowhereElse() throws IOException {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String table = "drover_" + guest.name();
    Node alpha = fleet().lab().node(Fleet.ALPHA);
    Node client = fleet().lab().client();
    String address = guest.address();
    client.run("ping", "-c", "2", "-i", "0.2", address); // the probe itself works
    alpha.run("nft", "add", "table", "bridge", table);
    alpha.run(
        "nft", "add chain bridge %s f { type filter hook forward priority 0 ; }".formatted(table));
    alpha.run(
        "nft",
        "add rule bridge %s f ip daddr %s icmp type echo-request counter drop"
            .formatted(table, address));
    Path log = fleet().lab().folder().resolve("forbidden.log");
    ProcessIdentity probe =
        client.spawn("it-continuity", log, List.of("ping", "-i", "0.002", "-D", address));

    for (String mode : List.of("precopy", "postcopy", "hybrid", "cold")) {
      MigrationView view = guest.move(mode);
      assertThat(view.continuity())
          .as("%s", view.continuity())
          .filteredOn(step -> step.state().equals("done"))
          .extracting(ContinuityView::name, ContinuityView::host)
          .contains(
              tuple("filter", guest.host()),
              tuple("connections", guest.host()),
              tuple("hand-over", guest.elsewhere()),
              tuple("filter", guest.elsewhere()));
      assertThat(view.warnings()).isEmpty();
      assertThat(tables(guest.host())).contains("table bridge " + table);
      fleet().until("its tables are gone", () -> !tables(guest.elsewhere()).contains(table));
    }

    probe.kill();
    assertThat(Files.readString(log, StandardCharsets.UTF_8))
        .doesNotContain("bytes from " + address);
    fleet().lab().node(guest.host()).run("nft", "delete", "table", "bridge", table);
    client.run("ping", "-c", "2", "-i", "0.2", address);
    guest.assertWell();
  }

  @Test
  void anAbortedMoveLeavesNoFilterAtTheTarget() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String table = "drover_" + guest.name();
    Node alpha = fleet().lab().node(Fleet.ALPHA);
    alpha.run("nft", "add", "table", "inet", table);
    MigrationView begun = guest.beginSlowly("precopy");
    fleet().until("it is in force at beta", () -> tables(Fleet.BETA).contains(table));

    MigrationView _ = fleet().agent(Fleet.ALPHA).cancelMigration(begun.id());

    fleet().until("it is gone from beta", () -> !tables(Fleet.BETA).contains(table));
    assertThat(tables(Fleet.ALPHA)).contains(table);
    alpha.run("nft", "delete", "table", "inet", table);
    guest.assertWell();
  }

  @Test
  void theNetworkLearnsAGuestsPlaceThoughTheGuestIsSilent() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    Node client = fleet().lab().client();
    client.run("ping", "-c", "1", guest.address());

    MigrationView view = guest.move("precopy");

    fleet()
        .until(
            "the announcement is reported at the target",
            () ->
                fleet().agent(guest.host()).migration(view.id()).continuity().stream()
                    .anyMatch(
                        step ->
                            step.name().startsWith("announce ") && step.state().equals("done")));
    client.run("ping", "-c", "1", "-W", "1", guest.address());
    guest.assertWell();
  }
}
