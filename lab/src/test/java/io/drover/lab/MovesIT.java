package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.MigrationChange;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Moves that nothing disturbs. */
@Tag("real")
class MovesIT {
  private static Optional<Fleet> up = Optional.empty();

  @BeforeAll
  static void begin() {
    up = Optional.of(Fleet.up("it-moves"));
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

  private static MigrationRequest over(Traveller guest, String transport, String mode) {
    return MigrationRequest.of(guest.name(), guest.elsewhere())
        .withMode(mode)
        .withTransport(transport);
  }

  @Test
  void everyModeGoesThereAndBack() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    for (String mode : List.of("precopy", "postcopy", "hybrid", "auto", "cold")) {
      MigrationView there = guest.move(mode);
      assertThat(there.requestedMode()).isEqualTo(mode);
      assertThat(there.downtimeMillis()).as(mode).isPresent();
      guest.move(mode);
      guest.assertWell();
    }
  }

  @Test
  void qemusOwnTransportsCarryEveryKindOfMove() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    for (String transport : List.of("native", "native-tls")) {
      for (String mode : List.of("precopy", "postcopy")) {
        MigrationView view = guest.move(over(guest, transport, mode));
        assertThat(view.transport()).isEqualTo(transport);
      }
      guest.assertWell();
    }
  }

  @Test
  void aPausedGuestArrivesPaused() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    fleet().agent(Fleet.ALPHA).pauseGuest(guest.name());
    for (String mode : List.of("precopy", "postcopy")) {
      long spoken = guest.spoken(guest.elsewhere());
      guest.move(mode);
      assertThat(fleet().agent(guest.host()).guest(guest.name()).state()).isEqualTo("paused");
      Fleet.pause(1500);
      assertThat(guest.spoken(guest.host())).isEqualTo(spoken);
    }
    fleet().agent(guest.host()).resumeGuest(guest.name());
    guest.assertWell();
  }

  @Test
  void aGuestOfFourProcessorsMovesOverParallelChannels() {
    Traveller guest = fleet().boot(Fleet.ALPHA, new Workload.Verified(48, 20), 256, 4, "");
    MigrationView view =
        guest.move(
            MigrationRequest.of(guest.name(), guest.elsewhere())
                .withMode("precopy")
                .withParallelChannels(2));
    assertThat(view.channels()).hasSizeGreaterThanOrEqualTo(3);
    assertThat(view.channels().stream().filter(channel -> channel.sentBytes() > 1_000_000))
        .hasSizeGreaterThanOrEqualTo(2);
    guest.move("hybrid");
    guest.assertWell();
  }

  @Test
  void theLimitChangesWhileItRuns() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = guest.beginSlowly("precopy").id();
    fleet().awaitSent(Fleet.ALPHA, id, 2_000_000);
    MigrationView slow = fleet().agent(Fleet.ALPHA).migration(id);
    assertThat(slow.outcome()).isEmpty();
    assertThat(slow.bytesSent() / slow.elapsedSeconds()).isLessThan(8_000_000);
    fleet()
        .agent(Fleet.ALPHA)
        .changeMigration(
            id, new MigrationChange(Optional.of(0L), Optional.empty(), Optional.empty()));
    MigrationView view = guest.arrived(id);
    assertThat(view.bandwidthLimitBytesPerSecond()).isEmpty();
    guest.assertWell();
  }

  @Test
  void aGuestThatHardlyUsesItsMemoryCostsHardlyAnything() {
    Traveller guest = fleet().boot(Fleet.ALPHA, new Workload.Idle(), 1024, 1, "");
    MigrationView view = guest.move("precopy");
    assertThat(view.bytesSent()).isLessThan(160_000_000);
    long spoken = guest.spoken(guest.host());
    fleet().until("it speaks there", () -> guest.spoken(guest.host()) > spoken);
    fleet().assertNothingLeft();
  }

  @Test
  void guestsCrossInOppositeDirectionsAndFiveGoAtOnce() {
    List<Traveller> guests = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      guests.add(
          fleet()
              .boot(
                  i % 2 == 0 ? Fleet.ALPHA : Fleet.BETA, new Workload.Verified(32, 5), 160, 1, ""));
    }
    List<String> ids = new ArrayList<>();
    ids.add(guests.get(0).begin("precopy").id());
    ids.add(guests.get(1).begin("postcopy").id());
    guests.get(0).arrived(ids.get(0));
    guests.get(1).arrived(ids.get(1));
    // Some are on beta: bring all to one side and move all.
    for (Traveller guest : guests) {
      if (guest.host().equals(Fleet.BETA)) {
        guest.move("auto");
      }
    }
    ids.clear();
    List<String> modes = List.of("precopy", "postcopy", "hybrid", "auto", "postcopy");
    for (int i = 0; i < 5; i++) {
      ids.add(guests.get(i).begin(modes.get(i)).id());
    }
    for (int i = 0; i < 5; i++) {
      guests.get(i).arrived(ids.get(i));
    }
    guests.forEach(Traveller::assertWell);
  }
}
