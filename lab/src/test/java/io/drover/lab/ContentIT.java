package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Memory that crosses by content. */
@Tag("real")
class ContentIT {
  private static Optional<Fleet> up = Optional.empty();

  @BeforeAll
  static void begin() {
    up = Optional.of(Fleet.up("it-content"));
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

  private static MigrationRequest away(Traveller guest, String mode, String dedup) {
    return Fleet.request(guest.name(), guest.elsewhere(), mode).withDedup(dedup);
  }

  private static long found(MigrationView view) {
    return view.content().orElseThrow().foundBytes();
  }

  @Test
  void anIdleGuestThatReturnsSendsATwentiethOfWhatItSentFirst() {
    for (String mode : List.of("precopy", "cold", "auto", "postcopy")) {
      Traveller guest = fleet().boot(Fleet.ALPHA, new Workload.Touched(256), 512, 1, "");
      MigrationView there = guest.move(mode);
      assertThat(there.bytesSent()).as(mode).isGreaterThan(256L << 20);
      MigrationView back = guest.move(mode);
      assertThat(back.content().orElseThrow().off()).isEmpty();
      assertThat(found(back)).as(mode).isGreaterThan(240L << 20);
      assertThat((double) back.bytesSent()).as(mode).isLessThan(0.05 * there.bytesSent());
      MigrationView again = guest.move(mode);
      assertThat((double) again.bytesSent()).as(mode).isLessThan(0.05 * there.bytesSent());
      fleet().assertNothingLeft();
      fleet().reset();
    }
  }

  @Test
  void whatIsFoundIsWhatTheGuestHad() {
    Traveller guest = fleet().boot(Fleet.ALPHA, new Workload.Verified(64, 10), 192, 1, "");
    for (String mode : List.of("precopy", "postcopy", "hybrid", "auto", "cold")) {
      MigrationView there = guest.move(away(guest, mode, "on"));
      MigrationView back = guest.move(away(guest, mode, "on"));
      assertThat(there.content()).as(mode).isPresent();
      assertThat(found(back)).as(mode).isGreaterThan(16L << 20);
      guest.assertWell();
    }
  }

  @Test
  void withoutItNothingIsNamedAndNothingIsKept() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    MigrationView there = guest.move(away(guest, "precopy", "off"));
    MigrationView back = guest.move(away(guest, "auto", "on"));
    assertThat(there.content()).isEmpty();
    assertThat(found(back)).isLessThan(back.content().orElseThrow().namedBytes() / 10);
    guest.assertWell();
  }
}
