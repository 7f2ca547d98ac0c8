package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

/** Sites, routers, a client and a name server, without agents. */
@Tag("real")
class WanLabIT {
  private static final LabStore STORE = LabStore.ofMachine();
  private static final LabName NAME = new LabName("it-w");

  @BeforeAll
  static void needed() {
    Capabilities.require(
        "unshare", "nsenter", "ip", "tc", "bridge", "ping", "named", "knotd", "dig", "nsupdate");
  }

  @AfterEach
  void nothingStays() {
    STORE.read(NAME.value()).ifPresent(record -> Leftovers.remove(STORE, record));
    STORE.removeRootIfEmpty();
  }

  private static Lab up(Topology topology) {
    return Lab.up(STORE, LabPlan.of(NAME, topology).withAgents(LabPlan.Agents.NONE), _ -> {});
  }

  private static boolean reaches(Node from, String address) {
    return Programs.attempt(
            from.entering(List.of("ping", "-n", "-c", "2", "-i", "0.1", "-W", "2", address)),
            "",
            Duration.ofSeconds(20))
        .succeeded();
  }

  private static double fastestMillis(Node from, String address) {
    String pings = from.run("ping", "-n", "-c", "5", "-i", "0.2", address);
    return Double.parseDouble(pings.replaceAll("(?s).*min/avg/max/mdev = ([0-9.]+)/.*", "$1"));
  }

  private static String lookUp(Node from, String name, String type) {
    return from.run("dig", "+short", "+time=1", "+tries=1", "@203.0.113.130", name, type).strip();
  }

  @Test
  void bothSitesReachEachOtherTheClientAndTheNamesAndDistanceIsFelt() throws Exception {
    LabRecord record;
    try (Lab lab = up(TopologyFile.wan())) {
      record = lab.record();
      Node alpha = lab.node("alpha");
      for (String address :
          List.of(
              "198.51.100.11", "203.0.113.66", "2001:db8:b::11", "2001:db8:c::2", "192.0.2.12")) {
        assertThat(reaches(alpha, address)).as(address).isTrue();
      }
      assertThat(fastestMillis(lab.client(), "198.51.100.11")).isBetween(20.0, 200.0);
      assertThat(fastestMillis(alpha, "192.0.2.12")).isLessThan(15);
      assertThat(lookUp(lab.client(), "web.lab.example", "A")).isEqualTo("192.0.2.100");
      assertThat(lookUp(lab.client(), "web.lab.example", "AAAA")).isEqualTo("2001:db8:a::100");
      assertThat(lookUp(lab.client(), "100.2.0.192.in-addr.arpa", "PTR"))
          .isEqualTo("web.lab.example.");

      lab.cut("router-b.transit");
      assertThat(reaches(alpha, "198.51.100.11")).isFalse();
      assertThat(reaches(alpha, "203.0.113.66")).isTrue();
      assertThat(reaches(lab.node("gamma"), "198.51.100.1")).isTrue();
      lab.heal("router-b");
      assertThat(reaches(alpha, "198.51.100.11")).isTrue();

      lab.shape(new LinkShape(Optional.empty(), 40, 0, 0));
      assertThat(fastestMillis(lab.client(), "198.51.100.11")).isBetween(80.0, 300.0);
      lab.shape("site-a", LinkShape.ofRate(io.drover.model.ByteRate.parse("50mbit")));
      assertThat(alpha.run("tc", "qdisc", "show", "dev", "lan0")).contains("tbf", "50Mbit");
    }
    assertThat(Leftovers.find(STORE, record)).isEmpty();
  }

  @Test
  void aHostIsSwitchedOffAndOnAndARouterOnlyCut() {
    try (Lab lab = up(TopologyFile.wan())) {
      Node alpha = lab.node("alpha");
      lab.off("gamma");
      assertThat(reaches(alpha, "198.51.100.11")).isFalse();
      assertThatThrownBy(() -> lab.node("gamma").run("true")).isInstanceOf(ProblemException.class);
      assertThat(LabStatus.of(lab).lines()).anyMatch(line -> line.matches(".*gamma +host +gone.*"));
      lab.on("gamma");
      // The router asks for its neighbour in vain for a while before it asks again.
      for (String address : List.of("198.51.100.11", "2001:db8:b::11")) {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        boolean reached = reaches(alpha, address);
        while (!reached && System.nanoTime() < deadline) {
          reached = reaches(alpha, address);
        }
        assertThat(reached).as(address).isTrue();
      }
      assertThatThrownBy(() -> lab.on("gamma")).isInstanceOf(ProblemException.class);
      assertThatThrownBy(() -> lab.off("router-b"))
          .isInstanceOf(ProblemException.class)
          .hasMessageContaining("transit");
      assertThatThrownBy(() -> lab.stopPrograms("client")).isInstanceOf(ProblemException.class);
    }
  }

  @Test
  void bindAndKnotTakeSignedUpdatesOnlyAndKeepThemOverAStop() throws Exception {
    for (String program : List.of("bind", "knot")) {
      Topology topology =
          TopologyFile.parse(
              TopologyFile.wanText().replace("program: bind", "program: " + program), program);
      try (Lab lab = up(topology)) {
        Node alpha = lab.node("alpha");
        String update =
            """
            server 203.0.113.130
            update delete web.lab.example A
            update add web.lab.example 5 A 198.51.100.100
            send
            """;
        assertThat(
                Programs.attempt(
                        alpha.entering(List.of("nsupdate", "-t", "5")),
                        update,
                        Duration.ofSeconds(20))
                    .output())
            .as(program)
            .contains("update failed");
        assertThat(lookUp(alpha, "web.lab.example", "A")).isEqualTo("192.0.2.100");
        Programs.run(
            alpha.entering(List.of("nsupdate", "-k", "/run/" + NameServers.KEY_FILE)), update);
        assertThat(lookUp(lab.client(), "web.lab.example", "A"))
            .as(program)
            .isEqualTo("198.51.100.100");
        lab.stopPrograms("dns");
        assertThat(NameServers.state(lab, "dns")).isEqualTo("stopped");
        assertThat(
                Programs.attempt(
                        alpha.entering(
                            List.of("dig", "+time=1", "+tries=1", "@203.0.113.130", "lab.example")),
                        "",
                        Duration.ofSeconds(20))
                    .succeeded())
            .isFalse();
        lab.startPrograms("dns");
        assertThat(lookUp(alpha, "web.lab.example", "A")).isEqualTo("198.51.100.100");
        Path key = lab.runFolder("gamma").resolve(NameServers.KEY_FILE);
        assertThat(Files.getPosixFilePermissions(key)).hasSize(2);
      }
    }
  }
}
