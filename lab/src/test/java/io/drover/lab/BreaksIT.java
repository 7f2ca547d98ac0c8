package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.api.Decision;
import io.drover.api.MigrationChange;
import io.drover.api.MigrationView;
import io.drover.api.StopManner;
import io.drover.model.ProblemException;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Agents, hypervisors, links and persons break into moves; every guest survives that can. */
@Tag("real")
class BreaksIT {
  private static Optional<Fleet> up = Optional.empty();

  @BeforeAll
  static void begin() {
    up = Optional.of(Fleet.up("it-breaks"));
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

  /** A move that is well within its copy, with much of it still to come. */
  private static String copying(Traveller guest, String mode) {
    String id = guest.beginSlowly(mode).id();
    MigrationView view = fleet().awaitSent(guest.host(), id, 4_000_000);
    assertThat(view.outcome()).as("%s", view).isEmpty();
    return id;
  }

  /** A move that is well within post-copy: the guest is at the target, most of it is not. */
  private static String inPostCopy(Traveller guest) {
    String id = guest.beginSlowly("postcopy").id();
    MigrationView view = fleet().awaitPhase(guest.host(), id, "postcopy");
    assertThat(view.outcome()).as("%s", view).isEmpty();
    String there = guest.host().equals(Fleet.ALPHA) ? Fleet.BETA : Fleet.ALPHA;
    fleet()
        .until(
            "it runs there",
            () ->
                fleet().agent(there).guests().stream()
                    .anyMatch(
                        found ->
                            found.name().equals(guest.name()) && found.state().equals("running")));
    return id;
  }

  private static void unlimited(Traveller guest, String id) {
    fleet()
        .agent(guest.host())
        .changeMigration(
            id,
            new io.drover.api.MigrationChange(Optional.of(0L), Optional.empty(), Optional.empty()));
  }

  private static void assertAborted(Traveller guest, String id, String... outcomes) {
    MigrationView view = fleet().awaitEnd(guest.host(), id);
    assertThat(view.outcome()).as("%s", view).isPresent();
    assertThat(outcomes).contains(view.outcome().orElseThrow());
    guest.assertWell();
  }

  // ---- agents ----

  @Test
  void theSourcesAgentIsKilledInPreCopyAndTheGuestStays() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = copying(guest, "precopy");
    fleet().killAgent(Fleet.ALPHA);
    fleet().startAgent(Fleet.ALPHA);
    assertAborted(guest, id, "aborted");
    guest.move("precopy");
    guest.assertWell();
  }

  @Test
  void theTargetsAgentIsKilledInPreCopyAndTheGuestStays() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = copying(guest, "precopy");
    fleet().killAgent(Fleet.BETA);
    MigrationView view = fleet().awaitEnd(Fleet.ALPHA, id);
    assertThat(view.outcome()).contains("aborted");
    fleet().startAgent(Fleet.BETA);
    guest.assertWell();
    guest.move("precopy");
    guest.assertWell();
  }

  @ParameterizedTest
  @ValueSource(strings = {"alpha", "beta", "alpha beta"})
  void agentsKilledInPostCopyRecoverByThemselves(String killed) {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = inPostCopy(guest);
    List<String> hosts = List.of(killed.split(" ", -1));
    assertThat(fleet().agent(Fleet.BETA).guests())
        .anyMatch(view -> view.name().equals(guest.name()));
    assertThatThrownBy(() -> fleet().agent(Fleet.ALPHA).stopGuest(guest.name(), StopManner.FORCED))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining(id);
    hosts.forEach(fleet()::killAgent);
    hosts.forEach(fleet()::startAgent);
    fleet()
        .await(
            Fleet.ALPHA,
            id,
            "recover",
            view -> view.phase().equals("postcopy") || view.outcome().isPresent());
    unlimited(guest, id);
    MigrationView view = guest.arrived(id);
    assertThat(view.recoveries()).isPositive();
    guest.assertWell();
  }

  // ---- the link ----

  @Test
  void aCutLinkInPostCopyRecoversByItselfTwiceInARow() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = inPostCopy(guest);
    for (long millis : List.of(2_000, 10_000)) {
      fleet().lab().cut("beta.migration");
      Fleet.pause(millis);
      fleet().lab().heal("beta.migration");
      long sent = fleet().agent(Fleet.ALPHA).migration(id).bytesSent();
      fleet()
          .await(
              Fleet.ALPHA,
              id,
              "go on",
              view ->
                  (view.phase().equals("postcopy") && view.bytesSent() > sent + 100_000)
                      || view.outcome().isPresent());
    }
    unlimited(guest, id);
    guest.arrived(id);
    guest.assertWell();
  }

  @Test
  void aShortCutInPreCopyIsCarriedOver() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = copying(guest, "precopy");
    fleet().lab().cut("beta.migration");
    Fleet.pause(2_000);
    fleet().lab().heal("beta.migration");
    unlimited(guest, id);
    guest.arrived(id);
    guest.assertWell();
  }

  @Test
  void aLongCutInPreCopyAbortsAndTheTargetIsCleanedOnceItIsBack() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = copying(guest, "precopy");
    fleet().lab().cut("beta.migration");
    MigrationView view = fleet().awaitEnd(Fleet.ALPHA, id);
    assertThat(view.outcome()).contains("aborted");
    long spoken = guest.spoken(Fleet.ALPHA);
    fleet().until("the guest runs on", () -> guest.spoken(Fleet.ALPHA) > spoken);
    fleet().lab().heal("beta.migration");
    guest.assertWell();
  }

  @Test
  void aCutLinkDuringTheRecoveryOfPostCopyIsRecoveredFromAsWell() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = inPostCopy(guest);
    fleet().lab().cut("beta.migration");
    fleet().await(Fleet.ALPHA, id, "pause", view -> view.phase().equals("paused"));
    // A recovery that cannot end: the target's hypervisor does not answer.
    List<ProcessIdentity> hypervisors = stoppedAtTheTarget();
    fleet().lab().heal("beta.migration");
    fleet().awaitPhase(Fleet.ALPHA, id, "recover");
    fleet().lab().cut("beta.migration");
    hypervisors.forEach(process -> Fleet.signal(process, "CONT"));
    fleet().await(Fleet.ALPHA, id, "pause", view -> view.phase().equals("paused"));
    fleet().lab().heal("beta.migration");
    fleet().awaitPhase(Fleet.ALPHA, id, "postcopy");
    unlimited(guest, id);
    MigrationView view = guest.arrived(id);
    assertThat(view.recoveries()).isGreaterThan(1);
    guest.assertWell();
  }

  @Test
  void oneConnectionOfSeveralIsResetInPreCopy() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = copying(guest, "precopy");
    fleet().resetChannel(guest.host(), id, "main", Fleet.ALPHA);
    assertAborted(guest, id, "aborted");
  }

  @ParameterizedTest
  @CsvSource({"main,alpha", "main,beta", "urgent,alpha", "urgent,beta"})
  void oneConnectionOfSeveralIsResetInPostCopyAndRecovered(String channel, String at) {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = inPostCopy(guest);
    int resets = 3;
    for (int reset = 1; reset <= resets; reset++) {
      int before = reset;
      fleet().resetChannel(guest.host(), id, channel, at);
      fleet()
          .await(
              Fleet.ALPHA,
              id,
              "recover",
              view ->
                  (view.recoveries() >= before && view.phase().equals("postcopy"))
                      || view.outcome().isPresent());
    }
    unlimited(guest, id);
    MigrationView view = guest.arrived(id);
    assertThat(view.recoveries()).isGreaterThanOrEqualTo(resets);
    guest.assertWell();
  }

  /** QEMU is most easily hurt by a connection that breaks as the transfer is resumed. */
  @Test
  void connectionsAreResetAtAnyMomentOfEachRecovery() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = inPostCopy(guest);
    Random random = new Random(7);
    Set<String> before = new HashSet<>(fleet().openPorts());
    fleet().resetChannel(guest.host(), id, "main", Fleet.ALPHA);
    Instant end = Instant.now().plusSeconds(15);
    while (Instant.now().isBefore(end)) {
      Set<String> now = fleet().openPorts();
      List<String> fresh = now.stream().filter(port -> !before.contains(port)).toList();
      if (!fresh.isEmpty()) {
        Fleet.pause(random.nextInt(150));
        fleet().resetPort(fresh.get(random.nextInt(fresh.size())), random.nextBoolean());
        before.addAll(now);
      }
      Fleet.pause(5);
    }
    unlimited(guest, id);
    MigrationView view = guest.arrived(id);
    assertThat(view.recoveries()).isGreaterThan(3);
    guest.assertWell();
  }

  // ---- hypervisors ----

  @Test
  void theTargetsHypervisorIsKilledBeforeTheSwitchAndTheGuestStays() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = copying(guest, "precopy");
    fleet().hypervisors(Fleet.BETA).forEach(ProcessIdentity::kill);
    assertAborted(guest, id, "aborted");
  }

  @Test
  void theSourcesHypervisorIsKilledBeforeTheSwitchAndTheLossIsTold() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = copying(guest, "precopy");
    fleet().hypervisors(Fleet.ALPHA).forEach(ProcessIdentity::kill);
    MigrationView view = fleet().awaitEnd(Fleet.ALPHA, id);
    assertThat(view.outcome()).as("%s", view).contains("lost");
    fleet().until("no guest", () -> fleet().agent(Fleet.ALPHA).guests().isEmpty());
    fleet().until("no guest", () -> fleet().agent(Fleet.BETA).guests().isEmpty());
    fleet().assertNothingLeft();
  }

  @Test
  void theTargetsHypervisorIsKilledInPostCopyAndTheSourceNeverResumes() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = inPostCopy(guest);
    long spoken = guest.spoken(Fleet.ALPHA);
    fleet().await(Fleet.BETA, id, "run", view -> guest.spoken(Fleet.BETA) > 0);
    fleet().hypervisors(Fleet.BETA).forEach(ProcessIdentity::kill);
    MigrationView view = fleet().awaitEnd(Fleet.ALPHA, id);
    assertThat(view.outcome()).as("%s", view).contains("lost");
    assertThat(view.problem()).isPresent();
    fleet().until("no guest", () -> fleet().agent(Fleet.ALPHA).guests().isEmpty());
    fleet().until("no guest", () -> fleet().agent(Fleet.BETA).guests().isEmpty());
    assertThat(guest.spoken(Fleet.ALPHA)).isEqualTo(spoken);
    fleet().assertNothingLeft();
  }

  @Test
  void theSourcesHypervisorIsKilledInPostCopyAndTheRemainsCanBeRemoved() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = inPostCopy(guest);
    fleet().hypervisors(Fleet.ALPHA).forEach(ProcessIdentity::kill);
    MigrationView view = fleet().awaitEnd(Fleet.ALPHA, id);
    assertThat(view.outcome()).as("%s", view).contains("lost");
    MigrationView there = fleet().awaitEnd(Fleet.BETA, id);
    assertThat(there.outcome()).as("%s", there).contains("lost");
    fleet().until("no guest", () -> fleet().agent(Fleet.ALPHA).guests().isEmpty());
    fleet()
        .until(
            "the remains can be removed",
            () -> {
              // A QEMU that waits for pages that never come has to be killed, which takes its time.
              if (!fleet().agent(Fleet.BETA).guests().isEmpty()) {
                fleet().agent(Fleet.BETA).stopGuest(guest.name(), StopManner.FORCED);
              }
              return fleet().agent(Fleet.BETA).guests().isEmpty();
            });
    fleet().assertNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(strings = {"off", "on"})
  void aTargetsHypervisorThatDiesBeforeTheGuestRanThereIsRebuilt(String dedup) {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = underWay(guest, dedup);
    // It is sent the switch, and dies before it has looked at it.
    List<ProcessIdentity> hypervisors = stoppedAtTheTarget();
    switchNow(id);
    MigrationView switched = fleet().awaitPhase(Fleet.ALPHA, id, "postcopy");
    assertThat(switched.outcome()).as("%s", switched).isEmpty();
    hypervisors.forEach(ProcessIdentity::kill);
    unlimited(guest, id);
    MigrationView view = guest.arrived(id);
    assertThat(view.retries()).isPositive();
    guest.assertWell();
  }

  /** The switch is ordered while nothing gets through any more. */
  @ParameterizedTest
  @ValueSource(strings = {"off", "on"})
  void aTargetThatStoodStillLongBeforeTheSwitchAndDiesCostsNobodyTheGuest(String dedup) {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = underWay(guest, dedup);
    List<ProcessIdentity> hypervisors = stoppedAtTheTarget();
    unlimited(guest, id);
    Fleet.pause(2_000);
    switchNow(id);
    Fleet.pause(1_000);
    hypervisors.forEach(ProcessIdentity::kill);
    MigrationView ended = fleet().awaitEnd(Fleet.ALPHA, id);
    if (ended.outcome().equals(Optional.of("completed"))) {
      guest.arrived(id);
    } else {
      assertThat(ended.outcome()).as("%s", ended).contains("aborted");
    }
    guest.assertWell();
  }

  /** A slow hybrid move of which something has been sent. */
  private static String underWay(Traveller guest, String dedup) {
    String id =
        guest
            .begin(
                Fleet.limited(guest.name(), guest.elsewhere(), "hybrid", 4_000_000)
                    .withDedup(dedup))
            .id();
    MigrationView under = fleet().awaitSent(guest.host(), id, 4_000_000);
    assertThat(under.outcome()).as("%s", under).isEmpty();
    return id;
  }

  private static List<ProcessIdentity> stoppedAtTheTarget() {
    List<ProcessIdentity> hypervisors = fleet().hypervisors(Fleet.BETA);
    hypervisors.forEach(process -> Fleet.signal(process, "STOP"));
    return hypervisors;
  }

  private static void switchNow(String id) {
    fleet()
        .agent(Fleet.ALPHA)
        .changeMigration(
            id, new MigrationChange(Optional.empty(), Optional.empty(), Optional.of(true)));
  }

  // ---- persons, and the guest itself ----

  @Test
  void whatAPersonDecidedWhileTheLinkWasCutIsToldToTheTargetOnceItIsBack() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = inPostCopy(guest);
    fleet().lab().cut("beta.migration");
    fleet().await(Fleet.ALPHA, id, "pause", view -> view.phase().equals("paused"));
    fleet()
        .until(
            "the guest is said to wait",
            () ->
                fleet().agent(Fleet.BETA).guests().stream()
                    .anyMatch(view -> view.state().equals("waiting")));
    fleet().agent(Fleet.ALPHA).resolveMigration(id, Decision.RUN);
    assertThat(fleet().awaitEnd(Fleet.ALPHA, id).outcome()).contains("lost");
    // Longer than the source tries at once, so that it has found the target unreachable.
    Fleet.pause(6_000);
    fleet().lab().heal("beta.migration");
    MigrationView there = fleet().awaitEnd(Fleet.BETA, id);
    assertThat(there.outcome()).as("%s", there).contains("lost");
    fleet()
        .until(
            "the remains can be removed",
            () -> {
              fleet().agent(Fleet.BETA).stopGuest(guest.name(), StopManner.FORCED);
              return fleet().agent(Fleet.BETA).guests().isEmpty();
            });
    fleet().assertNothingLeft();
  }

  @Test
  void aCancelInTheCopyIsHeededAndInPostCopyTooLate() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String first = copying(guest, "precopy");
    assertThat(fleet().agent(Fleet.ALPHA).cancelMigration(first).outcome()).contains("cancelled");
    guest.assertWell();
    String second = inPostCopy(guest);
    assertThatThrownBy(() -> fleet().agent(Fleet.ALPHA).cancelMigration(second))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("past the switch");
    unlimited(guest, second);
    guest.arrived(second);
    guest.assertWell();
  }

  @Test
  void theSecondToMoveAGuestIsToldOfTheFirst() {
    Traveller guest = fleet().boot(Fleet.ALPHA);
    String id = copying(guest, "precopy");
    assertThatThrownBy(() -> guest.begin("precopy"))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining(id);
    unlimited(guest, id);
    guest.arrived(id);
    guest.assertWell();
  }

  @ParameterizedTest
  @ValueSource(strings = {"precopy", "postcopy"})
  void aGuestThatPowersItselfOffOnItsWayIsOffOnce(String mode) {
    Traveller guest =
        fleet().boot(Fleet.ALPHA, new Workload.Verified(48, 20), 192, 1, "drover.off=14");
    String id = guest.beginSlowly(mode).id();
    MigrationView view = fleet().awaitEnd(Fleet.ALPHA, id);
    // QEMU 10.0.2 itself dies of a segmentation fault when its guest powers off in post-copy, and
    // does so before it says that the guest did: all that Drover can tell then is that it is gone.
    assertThat(view.outcome().orElse("none"))
        .as("%s", view)
        .isIn(mode.equals("postcopy") ? List.of("powered-off", "lost") : List.of("powered-off"));
    fleet().until("no guest", () -> fleet().agent(Fleet.ALPHA).guests().isEmpty());
    fleet().until("no guest", () -> fleet().agent(Fleet.BETA).guests().isEmpty());
    fleet().assertNothingLeft();
  }
}
