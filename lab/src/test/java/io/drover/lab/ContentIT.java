package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.MigrationChange;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.api.StopManner;
import io.drover.api.StoreView;
import java.time.Duration;
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
  private static final String STORE = "/run/drover-state/store";
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
    // Pages of a guest are alike among themselves, too.
    assertThat(found(back)).isLessThan(back.content().orElseThrow().namedBytes() / 4);
    guest.assertWell();
  }

  @Test
  void aCutInPostCopyIsRecoveredFromByContentAsWell() {
    Traveller guest = fleet().boot(Fleet.ALPHA, new Workload.Verified(64, 10), 192, 1, "");
    guest.move(away(guest, "precopy", "on"));
    guest.move(away(guest, "precopy", "on"));
    String id =
        guest
            .begin(
                Fleet.limited(guest.name(), guest.elsewhere(), "postcopy", 2_000_000)
                    .withDedup("on"))
            .id();
    MigrationView switched = fleet().awaitPhase(Fleet.ALPHA, id, "postcopy");
    assertThat(switched.outcome()).as("%s", switched).isEmpty();
    fleet().lab().cut("beta.migration");
    MigrationView paused =
        fleet()
            .await(
                Fleet.ALPHA,
                id,
                "pause",
                view ->
                    view.phase().equals("paused")
                        || view.phase().equals("recover")
                        || view.outcome().isPresent());
    assertThat(paused.outcome()).as("%s", paused).isEmpty();
    fleet().lab().heal("beta.migration");
    fleet()
        .agent(Fleet.ALPHA)
        .changeMigration(
            id, new MigrationChange(Optional.of(0L), Optional.empty(), Optional.empty()));
    MigrationView view = guest.arrived(id);
    assertThat(view.recoveries()).isPositive();
    assertThat(found(view)).isGreaterThan(8L << 20);
    guest.assertWell();
  }

  @Test
  void throughAThinLinkPagesArePackedAndArriveAsTheyWere() {
    Traveller guest = fleet().boot(Fleet.ALPHA, new Workload.Verified(16, 1), 160, 1, "");
    for (String mode : List.of("hybrid", "postcopy")) {
      MigrationView view =
          guest.move(Fleet.limited(guest.name(), guest.elsewhere(), mode, 4_000_000));
      assertThat(view.content().orElseThrow().packedBytes())
          .as("%s: %s", mode, view)
          .isGreaterThan(mode.equals("hybrid") ? 8L << 20 : 64L << 10);
      guest.assertWell();
    }
  }

  @Test
  void aStoreThatLiesIsNotBelieved() {
    Traveller guest = fleet().boot(Fleet.ALPHA, new Workload.Verified(64, 10), 192, 1, "");
    guest.move(away(guest, "precopy", "on"));
    // Alpha's agent has it all in its index; what is in the files now is something else.
    fleet()
        .lab()
        .node(Fleet.ALPHA)
        .run(
            "sh",
            "-c",
            "cd "
                + STORE
                + " && for pack in checkpoints/*.pack cache/*.pack; do"
                + " [ -e $pack ] || continue; size=$(stat -c %s $pack);"
                + " head -c $size /dev/urandom | dd of=$pack conv=notrunc bs=1M status=none; done");
    MigrationView back = guest.move(away(guest, "precopy", "on"));
    MigrationView.ContentView content = back.content().orElseThrow();
    assertThat(content.namedBytes()).isGreaterThan(64L << 20);
    // What came in an earlier pass of this very move may be found; the rest has to be sent.
    assertThat(back.bytesSent()).isGreaterThan(40L << 20);
    guest.assertWell();
    // And what was sent instead is found the next time.
    guest.move(away(guest, "precopy", "on"));
    assertThat(found(guest.move(away(guest, "precopy", "on")))).isGreaterThan(16L << 20);
    guest.assertWell();
  }

  @Test
  void aStoreThatIsDeletedWhileItIsUsedCostsTimeOnly() {
    Traveller guest = fleet().boot(Fleet.ALPHA, new Workload.Verified(64, 10), 192, 1, "");
    guest.move(away(guest, "precopy", "on"));
    for (String host : List.of(Fleet.ALPHA, Fleet.BETA)) {
      fleet().lab().node(host).run("rm", "-rf", STORE);
    }
    for (String mode : List.of("precopy", "postcopy", "hybrid")) {
      guest.move(away(guest, mode, "on"));
      guest.assertWell();
    }
    // A restart makes a new one.
    for (String host : List.of(Fleet.ALPHA, Fleet.BETA)) {
      fleet().killAgent(host);
      fleet().startAgent(host);
    }
    guest.move(away(guest, "precopy", "on"));
    assertThat(found(guest.move(away(guest, "precopy", "on")))).isGreaterThan(16L << 20);
    guest.assertWell();
  }

  @Test
  void aStoreThatIsFullOrReadOnlyCostsTimeOnly() {
    Traveller guest = fleet().boot(Fleet.ALPHA, new Workload.Verified(64, 10), 192, 1, "");
    Node beta = fleet().lab().node(Fleet.BETA);
    fleet().killAgent(Fleet.BETA);
    beta.run("sh", "-c", "mkdir -p " + STORE + " && mount -t tmpfs -o size=6m tmpfs " + STORE);
    try {
      fleet().startAgent(Fleet.BETA);
      guest.move(away(guest, "precopy", "on"));
      guest.assertWell();
      assertThat(fleet().agentLog(Fleet.BETA)).contains("keeps no more pages");
      guest.move(away(guest, "postcopy", "on"));
      guest.assertWell();
      assertThat(fleet().agentLog(Fleet.BETA)).contains("leaves no checkpoint");
      fleet().killAgent(Fleet.BETA);
      // A process that was killed has its files open for a moment more.
      List<String> remount = beta.entering(List.of("mount", "-o", "remount,ro", STORE));
      fleet()
          .until(
              "nobody writes there",
              () -> Programs.attempt(remount, "", Duration.ofSeconds(10)).succeeded());
      fleet().startAgent(Fleet.BETA);
      assertThat(fleet().agent(Fleet.BETA).host().warnings())
          .anyMatch(warning -> warning.message().contains(STORE));
      MigrationView without = guest.move(away(guest, "precopy", "on"));
      assertThat(without.content()).isEmpty();
      guest.move(away(guest, "precopy", "on"));
      guest.assertWell();
    } finally {
      fleet().killAgent(Fleet.BETA);
      beta.run("umount", "-l", STORE);
      fleet().startAgent(Fleet.BETA);
    }
  }

  @Test
  void guestsOfOneOwnerShareAndOthersDoNot() {
    Traveller first = fleet().boot(Fleet.ALPHA, "alice", new Workload.Touched(64), 256);
    Traveller second = fleet().boot(Fleet.ALPHA, "alice", new Workload.Touched(64), 256);
    Traveller other = fleet().boot(Fleet.ALPHA, "bob", new Workload.Touched(64), 256);
    first.move(away(first, "precopy", "on"));
    assertThat(found(second.move(away(second, "precopy", "on")))).isGreaterThan(60L << 20);
    assertThat(found(other.move(away(other, "precopy", "on")))).isLessThan(16L << 20);
  }

  @Test
  void aGuestThatEndsLeavesNoMemoryBehind() {
    Traveller guest = fleet().boot(Fleet.ALPHA, new Workload.Touched(64), 256, 1, "");
    guest.move(away(guest, "precopy", "on"));
    guest.move(away(guest, "precopy", "on"));
    assertThat(checkpoints(Fleet.BETA)).contains(guest.name());
    guest.move(away(guest, "precopy", "on"));
    assertThat(checkpoints(Fleet.ALPHA)).contains(guest.name());
    fleet().agent(Fleet.BETA).stopGuest(guest.name(), StopManner.FORCED);
    fleet().until("it is removed", () -> !checkpoints(Fleet.BETA).contains(guest.name()));
  }

  private static List<String> checkpoints(String host) {
    return fleet().agent(host).store().sources().stream()
        .filter(source -> source.kind().equals("checkpoint"))
        .map(StoreView.SourceView::subject)
        .toList();
  }
}
