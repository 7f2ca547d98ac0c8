package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ByteRate;
import io.drover.model.ProblemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TopologyFileTest {
  private static final String SMALLEST =
      """
      name: tiny
      shaped: net
      guests:
        br0: {prefixes: [192.0.2.0/24, "2001:db8::/64"], gateways: [192.0.2.9]}
      networks:
        net: {rate: 10mbit, delay: 5, loss: 0.5, reorder: 1}
      machines:
        one:
          role: host
          interfaces:
            eth0: {network: net, bridge: br0, addresses: [192.0.2.1/24, "2001:db8::1/64"]}
          routes: [default via 192.0.2.9]
          settings: {net.ipv4.ip_forward: 1}
          agent: |
            key: value
      """;

  @TempDir Path folder;

  private static Machine machine(Topology topology, String name) {
    return topology.machines().stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void readsEveryKey() {
    Topology topology = TopologyFile.parse(SMALLEST, "test");
    assertThat(topology.shapedNetwork())
        .isEqualTo(
            new Topology.Network(
                "net",
                Topology.LinkKind.USER_SPACE,
                new LinkShape(Optional.of(ByteRate.parse("10mbit")), 5, 0.5, 1)));
    assertThat(topology.guestsOf("br0").addresses(3))
        .containsExactly("192.0.2.103/24", "2001:db8::103/64");
    assertThat(topology.guestsOf("br0").address(0)).isEqualTo("192.0.2.100");
    assertThat(topology.guestsOf("br0").gateways()).containsExactly("192.0.2.9");
    Machine one = machine(topology, "one");
    assertThat(one.role()).isEqualTo(Machine.Role.HOST);
    assertThat(one.address()).isEqualTo("192.0.2.1");
    assertThat(one.attachments().getFirst().holder()).isEqualTo("br0");
    assertThat(one.routes()).containsExactly(new Machine.Route("default", "192.0.2.9"));
    assertThat(one.settings()).containsEntry("net.ipv4.ip_forward", "1");
    assertThat(one.agentLines()).isEqualTo("key: value\n");
    assertThat(one.speaksVersion6()).isTrue();
  }

  @Test
  void tellsWhatIsWrongWithAFile() throws Exception {
    for (List<String> change :
        List.of(
            List.of("role: host", "role: ghost", "router"),
            List.of("role: host", "rule: host", "machines.one.role"),
            List.of("shaped: net", "shaped: other", "no network 'other'"),
            List.of("192.0.2.0/24", "192.0.2.0", "no prefix"),
            List.of("loss: 0.5", "loss: 101", "out of range"),
            List.of("loss: 0.5", "loss: much", "networks.net"),
            List.of("loss: 0.5", "lost: 1", "networks.net.lost"),
            List.of("network: net", "network: elsewhere", "on no network"),
            List.of("192.0.2.1/24", "somewhere", "no address"),
            List.of("default via", "default over", "no route"),
            List.of("net.ipv4", "kernel", "not the network's"),
            List.of("one:", "fabric:", "taken"),
            List.of("bridge: br0", "bridge: ../x", "cannot have an interface"),
            List.of("role: host", "role: name-server", "name-server"),
            List.of("addresses: [", "addresses: [[", "not YAML"))) {
      String text = SMALLEST.replace(change.get(0), change.get(1));
      assertThat(text).isNotEqualTo(SMALLEST);
      assertThatThrownBy(() -> TopologyFile.parse(text, "test"))
          .as(change.get(1))
          .isInstanceOf(ProblemException.class)
          .hasMessageContaining(change.get(2));
    }
    assertThatThrownBy(() -> TopologyFile.named(folder.resolve("none").toString()))
        .isInstanceOf(ProblemException.class);
    Path file = folder.resolve("tiny.yaml");
    Files.writeString(file, SMALLEST);
    assertThat(TopologyFile.named(file.toString()).name()).isEqualTo("tiny");
  }

  @Test
  void anyBytesAreReadOrRefused() {
    SplittableRandom random = new SplittableRandom(5);
    for (int round = 0; round < 3000; round++) {
      StringBuilder text = new StringBuilder(SMALLEST);
      for (int i = random.nextInt(6); i >= 0; i--) {
        int at = random.nextInt(text.length());
        switch (random.nextInt(3)) {
          case 0 -> text.deleteCharAt(at);
          case 1 -> text.insert(at, (char) random.nextInt(32, 127));
          default -> text.setCharAt(at, SMALLEST.charAt(random.nextInt(SMALLEST.length())));
        }
      }
      try {
        assertThat(TopologyFile.parse(text.toString(), "fuzz").machines()).isNotEmpty();
      } catch (ProblemException refused) {
        assertThat(refused.problem().message()).isNotEmpty();
      }
    }
  }

  @Test
  void theWideAreaHasTwoSitesAndUsesOnlyAddressesOfTheDocumentation() {
    Topology wan = TopologyFile.wan();
    assertThat(wan.hosts().stream().map(Machine::name)).containsExactly("alpha", "beta", "gamma");
    assertThat(wan.shapedNetwork().kind()).isEqualTo(Topology.LinkKind.USER_SPACE);
    assertThat(
            wan.machines().stream()
                .flatMap(each -> each.attachments().stream())
                .flatMap(each -> each.addresses().stream()))
        .allMatch(
            address ->
                address.startsWith("192.0.2.")
                    || address.startsWith("198.51.100.")
                    || address.startsWith("203.0.113.")
                    || address.startsWith("2001:db8:"))
        .doesNotHaveDuplicates();
    assertThat(wan.guestsOf("vm0").bareAddresses(1))
        .containsExactly("192.0.2.229", "2001:db8:a:1::101");
    assertThat(machine(wan, "dns").nameServer().orElseThrow().zones()).hasSize(4);
  }

  @Test
  void zonesBeginWithWhoAnswersForThem() {
    Machine.Zone forward = new Machine.Zone("lab.example", List.of("web 60 A 192.0.2.100"));
    assertThat(NameServers.zoneText(forward, "lab.example", "203.0.113.130"))
        .isEqualTo(
            """
            $ORIGIN lab.example.
            $TTL 60
            @ IN SOA ns.lab.example. hostmaster.lab.example. 1 3600 600 86400 1
            @ IN NS ns.lab.example.
            ns IN A 203.0.113.130
            web 60 A 192.0.2.100
            """);
  }
}
