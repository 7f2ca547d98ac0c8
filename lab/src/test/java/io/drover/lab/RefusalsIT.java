package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.api.CheckReport;
import io.drover.api.GuestSpec;
import io.drover.api.MigrationView;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What cannot work is refused before anything moves; what cannot be read is left alone. */
@Tag("real")
class RefusalsIT {
  private static Optional<Fleet> up = Optional.empty();

  @BeforeAll
  static void begin() throws IOException {
    Fleet made = Fleet.up("it-refusals");
    up = Optional.of(made);
    for (String host : List.of(Fleet.ALPHA, Fleet.BETA)) {
      provide(host);
    }
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

  private static Path initrd(String host) {
    return fleet().lab().runFolder(host).resolve("images/initrd.img");
  }

  /** Files of each host's own, since the machine's are the same for all hosts. */
  private static void provide(String host) throws IOException {
    Files.createDirectories(initrd(host).resolveSibling(""));
    Files.copy(
        fleet().image().initrdFor(new Workload.Idle()),
        initrd(host),
        StandardCopyOption.REPLACE_EXISTING);
  }

  private static Traveller guest() {
    return fleet().boot(Fleet.ALPHA, "/run/images/initrd.img");
  }

  /** Refused with that code by the check and by the order, and nothing is left anywhere. */
  private static void assertRefused(Traveller guest, String code) {
    CheckReport report =
        fleet().agent(Fleet.ALPHA).check(Fleet.request(guest.name(), Fleet.BETA, "precopy"));
    assertThat(report.possible()).as("%s", report).isFalse();
    assertThat(report.checks()).anyMatch(check -> !check.passed());
    fleet().assertNothingLeft();
    MigrationView view = fleet().awaitEnd(Fleet.ALPHA, guest.begin("precopy").id());
    assertThat(view.outcome()).as("%s", view).contains("refused");
    assertThat(view.problem().orElseThrow().code()).isEqualTo(code);
    assertThat(view.problem().orElseThrow().remedy()).isNotEmpty();
    assertThat(view.bytesSent()).isZero();
    fleet().assertNothingLeft();
  }

  @Test
  void whatTheTargetLacksIsSaidAndOnceMendedTheGuestMoves() throws IOException {
    Traveller guest = guest();
    Files.delete(initrd(Fleet.BETA));
    assertRefused(guest, "target-files");
    Files.writeString(initrd(Fleet.BETA), "something else");
    assertRefused(guest, "target-files");
    provide(Fleet.BETA);

    Node beta = fleet().lab().node(Fleet.BETA);
    beta.ip("link set br0 name br9");
    assertRefused(guest, "target-bridges");
    beta.ip("link set br9 name br0");

    GuestSpec twin = guest.spec();
    fleet().agent(Fleet.BETA).startGuest(twin);
    assertRefused(guest, "target-name");
    fleet().agent(Fleet.BETA).stopGuest(guest.name(), io.drover.api.StopManner.FORCED);

    fleet().lab().cut("beta.migration");
    MigrationView unreachable = fleet().awaitEnd(Fleet.ALPHA, guest.begin("precopy").id());
    assertThat(unreachable.outcome()).as("%s", unreachable).contains("refused");
    fleet().lab().heal("beta.migration");

    CheckReport report =
        fleet().agent(Fleet.ALPHA).check(Fleet.request(guest.name(), Fleet.BETA, "auto"));
    assertThat(report.possible()).as("%s", report).isTrue();
    fleet().assertNothingLeft();
    guest.move("precopy");
    fleet().assertNothingLeft();
  }

  @Test
  void aPeerThatMayNotSendIsRefusedAndSoIsAStrangersCertificate() throws IOException {
    Traveller guest = guest();
    Path configuration = fleet().lab().runFolder(Fleet.BETA).resolve("drover/agent.yaml");
    String before = Files.readString(configuration);
    Files.writeString(configuration, before.replace("receive: true", "receive: false"));
    fleet().agents().stop(Fleet.BETA);
    fleet().startAgent(Fleet.BETA);
    MigrationView refused = fleet().awaitEnd(Fleet.ALPHA, guest.begin("precopy").id());
    assertThat(refused.outcome()).as("%s", refused).contains("refused");
    Files.writeString(configuration, before);

    Path tls = fleet().lab().runFolder(Fleet.BETA).resolve("drover-tls");
    Path other = fleet().lab().folder().resolve("other");
    String launcher = DroverProgram.find().launcher();
    Programs.run(List.of(launcher, "ca", "init", other.resolve("ca").toString()));
    Programs.run(
        List.of(
            launcher,
            "ca",
            "issue",
            "--ca",
            other.resolve("ca").toString(),
            "--host",
            Fleet.BETA,
            "--address",
            AddressPlan.host(1),
            "--out",
            other.resolve("beta").toString()));
    Path kept = fleet().lab().folder().resolve("kept");
    Files.createDirectories(kept);
    for (String file : List.of("host.pem", "host.key", "ca.pem")) {
      Files.copy(tls.resolve(file), kept.resolve(file), StandardCopyOption.REPLACE_EXISTING);
      Files.copy(
          file.equals("ca.pem") ? other.resolve("ca/ca.pem") : other.resolve("beta").resolve(file),
          tls.resolve(file),
          StandardCopyOption.REPLACE_EXISTING);
    }
    fleet().agents().stop(Fleet.BETA);
    fleet().startAgent(Fleet.BETA);
    MigrationView stranger = fleet().awaitEnd(Fleet.ALPHA, guest.begin("precopy").id());
    assertThat(stranger.outcome()).as("%s", stranger).contains("refused");
    for (String file : List.of("host.pem", "host.key", "ca.pem")) {
      Files.copy(kept.resolve(file), tls.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
    fleet().agents().stop(Fleet.BETA);
    fleet().startAgent(Fleet.BETA);
    fleet().assertNothingLeft();
    guest.move("precopy");
    fleet().assertNothingLeft();
  }

  @Test
  void aCpuModelThatQemuDoesNotKnowIsRefused() {
    GuestSpec spec = guest().spec();
    GuestSpec strange =
        new GuestSpec(
            "strange",
            Optional.empty(),
            spec.memory(),
            spec.vcpus(),
            spec.machine(),
            Optional.of("abacus"),
            spec.kernel(),
            spec.initrd(),
            spec.commandLine(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    assertThatThrownBy(() -> fleet().agent(Fleet.ALPHA).startGuest(strange))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("abacus");
    assertThat(fleet().agent(Fleet.ALPHA).guests())
        .noneMatch(view -> view.name().equals("strange"));
    fleet().assertNothingLeft();
  }

  @Test
  void aGuestLargerThanTheTargetsFreeMemoryIsRefused() {
    long free = fleet().agent(Fleet.BETA).host().memoryAvailableBytes() >> 20;
    Traveller guest =
        fleet().boot(Fleet.ALPHA, new Workload.Idle(), Math.toIntExact(free - 16), 1, "");
    assertRefused(guest, "target-memory");
  }

  @Test
  void aDamagedJournalIsReportedAndItsGuestLeftAlone() throws IOException {
    Traveller guest = guest();
    guest.move("precopy");
    fleet().killAgent(Fleet.BETA);
    List<Path> records;
    try (Stream<Path> files =
        Files.walk(fleet().lab().runFolder(Fleet.BETA).resolve("drover-state"))) {
      records = files.filter(file -> file.toString().endsWith(".json")).toList();
    }
    assertThat(records).hasSizeGreaterThanOrEqualTo(2);
    for (Path record : records) {
      byte[] bytes = Files.readAllBytes(record);
      bytes[bytes.length / 2] ^= 1;
      Files.write(record, bytes);
    }
    List<ProcessIdentity> before = fleet().hypervisors(Fleet.BETA);
    assertThat(before).hasSize(1);
    fleet().startAgent(Fleet.BETA);
    assertThat(fleet().agent(Fleet.BETA).host().warnings())
        .hasSize(records.size())
        .allMatch(warning -> warning.code().equals("journal-damaged"));
    assertThat(fleet().hypervisors(Fleet.BETA)).isEqualTo(before);
    long spoken = guest.spoken(Fleet.BETA);
    fleet().until("the guest runs on", () -> guest.spoken(Fleet.BETA) > spoken);
    // Nobody else may take its name while nobody knows whether it runs.
    assertThatThrownBy(() -> fleet().agent(Fleet.BETA).startGuest(guest.spec()))
        .isInstanceOf(ProblemException.class);
    assertThat(fleet().hypervisors(Fleet.BETA)).isEqualTo(before);
    fleet().agent(Fleet.ALPHA).startGuest(guest.spec());
    MigrationView there =
        fleet()
            .awaitEnd(
                Fleet.ALPHA,
                fleet()
                    .agent(Fleet.ALPHA)
                    .migrate(Fleet.request(guest.name(), Fleet.BETA, "precopy"))
                    .id());
    assertThat(there.outcome()).as("%s", there).contains("refused");
    assertThat(there.problem().orElseThrow().code()).isEqualTo("target-name");
    fleet().agent(Fleet.ALPHA).stopGuest(guest.name(), io.drover.api.StopManner.FORCED);
    assertThat(fleet().hypervisors(Fleet.BETA)).isEqualTo(before);
    // As the remedy says: the files are moved away. The guest is a person's to end now.
    fleet().killAgent(Fleet.BETA);
    before.forEach(ProcessIdentity::kill);
    Node beta = fleet().lab().node(Fleet.BETA);
    for (String tap :
        beta.run("sh", "-c", "ls -d /sys/class/net/*/tun_flags 2>/dev/null || :")
            .lines()
            .toList()) {
      beta.ip("link delete " + Path.of(tap).getName(3));
    }
    for (Path record : records) {
      Files.delete(record);
    }
    fleet().startAgent(Fleet.BETA);
    assertThat(fleet().agent(Fleet.BETA).host().warnings()).isEmpty();
  }
}
