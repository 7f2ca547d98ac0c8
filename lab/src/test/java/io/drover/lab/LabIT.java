package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ByteRate;
import io.drover.model.HostName;
import io.drover.model.ProblemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("real")
class LabIT {
  private static final LabStore STORE = LabStore.ofMachine();

  @BeforeAll
  static void needed() {
    Capabilities.require("unshare", "nsenter", "ip", "tc", "bridge", "ping");
  }

  @AfterEach
  void nothingStays() {
    for (String name : List.of("it-a", "it-b")) {
      STORE.read(name).ifPresent(record -> Leftovers.remove(STORE, record));
    }
  }

  private static LabPlan plan(String name, LinkShape shape) {
    return LabPlan.of(new LabName(name), shape).withAgents(LabPlan.Agents.NONE);
  }

  private static boolean reaches(Node from, String address) {
    return Programs.attempt(
            from.entering(List.of("ping", "-n", "-c", "2", "-i", "0.1", "-W", "1", address)),
            "",
            Duration.ofSeconds(20))
        .succeeded();
  }

  @Test
  void aLabConnectsItsHostsAndLeavesNoTrace() throws Exception {
    var before = interfaces();
    Lab lab = Lab.up(STORE, plan("it-a", LinkShape.UNSHAPED), _ -> {});
    LabRecord record = lab.record();
    Node alpha = lab.node("alpha");
    assertThat(alpha.run("hostname").strip()).isEqualTo("alpha");
    assertThat(reaches(alpha, AddressPlan.host(1))).isTrue();
    assertThat(reaches(lab.client(), AddressPlan.hostOnGuestNetwork(0))).isTrue();
    assertThat(reaches(lab.client(), AddressPlan.host(0))).isFalse();
    assertThat(interfaces()).isEqualTo(before);
    // What loses its parent inside is reaped by PID 1.
    alpha.run("sh", "-c", "(sleep 0.2 &) ; sleep 0.5");
    assertThat(
            alpha.run("sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null | grep -c ' Z ' || :").strip())
        .isEqualTo("0");
    lab.down();
    assertThat(Leftovers.find(STORE, record)).isEmpty();
    assertThat(interfaces()).isEqualTo(before);
  }

  @Test
  void whatIsCutIsSilentButKeepsItsCarrierUntilHealed() {
    try (Lab lab = Lab.up(STORE, plan("it-a", LinkShape.UNSHAPED), _ -> {})) {
      cutAndHeal(lab);
    }
  }

  private static void cutAndHeal(Lab lab) {
    Node alpha = lab.node("alpha");
    assertThat(reaches(alpha, AddressPlan.host(1))).isTrue();
    lab.cut("beta.migration");
    assertThat(reaches(alpha, AddressPlan.host(1))).isFalse();
    assertThat(alpha.run("cat", "/sys/class/net/mig0/carrier").strip()).isEqualTo("1");
    assertThat(lab.node("beta").run("cat", "/sys/class/net/mig0/carrier").strip()).isEqualTo("1");
    assertThat(reaches(lab.client(), AddressPlan.hostOnGuestNetwork(1))).isTrue();
    assertThat(STORE.read("it-a").orElseThrow().cut()).containsExactly("beta.migration");
    lab.heal("beta");
    assertThat(reaches(alpha, AddressPlan.host(1))).isTrue();
    assertThat(lab.record().cut()).isEmpty();
  }

  @Test
  void twoLabsAtOnceDoNotSeeEachOther() {
    LinkShape gigabit = LinkShape.ofRate(ByteRate.parse("1gbit"));
    try (Lab one = Lab.up(STORE, plan("it-a", gigabit), _ -> {});
        Lab two =
            Lab.up(
                STORE,
                plan("it-b", gigabit).withHosts(LabPlan.parseHosts("alpha,beta,gamma")),
                _ -> {})) {
      assertThat(two.host(new HostName("gamma")).run("tc", "qdisc", "show", "dev", "mig0"))
          .contains("tbf", "1Gbit");
      assertThat(reaches(two.node("alpha"), AddressPlan.host(2))).isTrue();
      assertThat(reaches(one.node("alpha"), AddressPlan.host(2))).isFalse();
      assertThatThrownBy(() -> Lab.up(STORE, plan("it-a", gigabit), _ -> {}))
          .isInstanceOf(ProblemException.class)
          .hasMessageContaining("is up");
      one.shape(LinkShape.UNSHAPED);
      assertThat(one.node("alpha").run("tc", "qdisc", "show", "dev", "mig0")).doesNotContain("tbf");
    }
  }

  @Test
  void theUserSpaceLinkDelaysLosesCutsAndHeals() throws Exception {
    LinkShape far = new LinkShape(Optional.of(ByteRate.parse("200mbit")), 40, 0, 0);
    LabRecord record;
    try (Lab lab = Lab.up(STORE, plan("it-a", far), _ -> {})) {
      record = lab.record();
      Node alpha = lab.node("alpha");
      String pings = alpha.run("ping", "-n", "-c", "6", "-i", "0.2", AddressPlan.host(1));
      double fastest =
          Double.parseDouble(pings.replaceAll("(?s).*min/avg/max/mdev = ([0-9.]+)/.*", "$1"));
      assertThat(fastest).isBetween(80.0, 400.0);
      cutAndHeal(lab);
      lab.shape(new LinkShape(Optional.empty(), 0, 50, 0));
      String lossy =
          Programs.attempt(
                  alpha.entering(
                      List.of(
                          "ping", "-n", "-c", "60", "-i", "0.01", "-W", "1", AddressPlan.host(1))),
                  "",
                  Duration.ofSeconds(30))
              .output();
      int received = Integer.parseInt(lossy.replaceAll("(?s).* ([0-9]+) received.*", "$1"));
      assertThat(received).isBetween(1, 45); // a quarter of 60 is 15
      lab.shape(LinkShape.UNSHAPED);
      assertThat(reaches(alpha, AddressPlan.host(1))).isTrue();
      assertThat(lab.network().control(lab.record().topology().shapedNetwork()).stats())
          .contains("p1-0 frames=", "p2-0 frames=");
    }
    assertThat(Leftovers.find(STORE, record)).isEmpty();
  }

  @Test
  void theUserSpaceLinkKeepsToItsRate() {
    LinkShape slow = LinkShape.ofRate(ByteRate.parse("80mbit"));
    try (Lab lab = Lab.up(STORE, plan("it-a", slow).withUserSpaceLink(), _ -> {})) {
      double megabytesPerSecond = transfer(lab, 20);
      assertThat(megabytesPerSecond).isBetween(2.0, 13.0);
      lab.shape(LinkShape.UNSHAPED);
      assertThat(transfer(lab, 200)).isGreaterThan(megabytesPerSecond * 2);
    }
  }

  /** Moves mebibytes over TCP from alpha to beta; answers MB a second. */
  private static double transfer(Lab lab, int mebibytes) {
    Node beta = lab.node("beta");
    ProcessIdentity listener =
        beta.spawn(
            "it-a",
            lab.folder().resolve("nc.log"),
            List.of(
                "sh",
                "-c",
                "rm -f /run/open; mkfifo /run/open; exec 3<>/run/open;"
                    + " busybox nc -l -p 9000 <&3 | wc -c > /run/received"));
    long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (!beta.run("sh", "-c", "cat /proc/net/tcp*").contains(":2328")
        && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    long start = System.nanoTime();
    lab.node("alpha")
        .run(
            "sh",
            "-c",
            "dd if=/dev/zero bs=1M count=%d 2>/dev/null | busybox nc %s 9000"
                .formatted(mebibytes, AddressPlan.host(1)));
    while (listener.alive()) {
      Thread.onSpinWait();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    assertThat(lab.readRunFile("beta", "received").strip())
        .isEqualTo(Long.toString((long) mebibytes << 20));
    return mebibytes * 1.048576 / seconds;
  }

  private static Process startOwner(String name) throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            LabOwner.class.getName(),
            name)
        .inheritIO()
        .start();
  }

  private static LabRecord awaitNodes(Process owner, String name, int nodes) throws Exception {
    long deadline = System.nanoTime() + Duration.ofMinutes(1).toNanos();
    while (STORE.read(name).filter(record -> record.nodes().size() >= nodes).isEmpty()) {
      assertThat(owner.isAlive() && System.nanoTime() < deadline).isTrue();
      Thread.sleep(5);
    }
    return STORE.read(name).orElseThrow();
  }

  @Test
  void theLabOfAKilledOwnerIsRemovedByTheNextOne() throws Exception {
    Process owner = startOwner("it-b");
    LabRecord abandoned = awaitNodes(owner, "it-b", 4);
    owner.destroyForcibly().waitFor();
    assertThat(Leftovers.find(STORE, abandoned)).isNotEmpty();
    try (Lab next = Lab.up(STORE, plan("it-a", LinkShape.UNSHAPED), _ -> {})) {
      assertThat(STORE.names()).contains("it-a").doesNotContain("it-b");
      assertThat(Leftovers.find(STORE, abandoned)).isEmpty();
      assertThat(next.record().nodes()).hasSize(4);
    }
  }

  @Test
  void anOwnerThatIsToldToEndTakesItsLabAlongEvenHalfBuilt() throws Exception {
    for (int nodes = 0; nodes <= 4; nodes++) {
      Process owner = startOwner("it-b");
      LabRecord record = awaitNodes(owner, "it-b", nodes);
      owner.destroy(); // SIGTERM, which ends Java as Ctrl-C does
      owner.waitFor();
      assertThat(STORE.read("it-b")).isEmpty();
      assertThat(Leftovers.find(STORE, record)).as("after %d nodes", nodes).isEmpty();
    }
  }

  @Test
  void downWorksAfterTheLinkProcessAndAHostWereKilled() {
    Lab lab = Lab.up(STORE, plan("it-a", LinkShape.UNSHAPED).withUserSpaceLink(), _ -> {});
    LabRecord record = lab.record();
    List<ProcessIdentity> link =
        lab.node("fabric").processes().stream()
            .filter(process -> command(process).equals("java"))
            .toList();
    assertThat(link).hasSize(1);
    link.forEach(ProcessIdentity::kill);
    lab.node("alpha").record().init().kill();
    assertThatThrownBy(() -> lab.cut("beta.migration"))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("link process");
    Lab.attach(STORE, new LabName("it-a")).down();
    assertThat(Leftovers.find(STORE, record)).isEmpty();
  }

  @Test
  void aKeptLabStaysUntilItIsTakenDown() {
    Lab lab =
        Lab.up(
            STORE, plan("it-a", LinkShape.UNSHAPED).withKeeping(LabRecord.Keeping.KEPT), _ -> {});
    lab.close();
    Lab again = Lab.attach(STORE, new LabName("it-a"));
    assertThat(again.node("beta").alive()).isTrue();
    again.down();
    assertThatThrownBy(() -> Lab.attach(STORE, new LabName("it-a")))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("no lab named");
  }

  private static String command(ProcessIdentity process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/comm")).strip();
    } catch (java.io.IOException gone) {
      return "";
    }
  }

  private static List<String> interfaces() throws Exception {
    try (var names = Files.list(Path.of("/sys/class/net"))) {
      return names.map(Path::toString).sorted().toList();
    }
  }
}
