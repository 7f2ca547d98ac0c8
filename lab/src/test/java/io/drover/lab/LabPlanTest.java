package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ByteRate;
import io.drover.model.ByteSize;
import io.drover.model.ProblemException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabPlanTest {
  @TempDir Path folder;

  private static final ProcessIdentity NOBODY = new ProcessIdentity(999_999_999, 1);

  private static final Topology PAIR =
      LabPlan.of(new LabName("x"), LinkShape.ofRate(ByteRate.parse("1gbit"))).topology();

  private static NodeRecord node(Machine machine) {
    return new NodeRecord(machine, PAIR.index(machine), NOBODY, NOBODY, 1);
  }

  private static LabRecord record(ProcessIdentity owner, LabRecord.Keeping keeping) {
    return new LabRecord(
        "x",
        owner,
        keeping,
        PAIR,
        Stream.concat(Stream.of(Machine.fabric()), PAIR.machines().stream())
            .map(LabPlanTest::node)
            .toList(),
        Set.of("alpha.migration"));
  }

  @Test
  void choosesTheKernelsLinkWhereThatCanDoIt() {
    assertThat(kindFor(LinkShape.UNSHAPED)).isEqualTo(Topology.LinkKind.KERNEL);
    assertThat(kindFor(LinkShape.ofRate(ByteRate.parse("1gbit"))))
        .isEqualTo(Topology.LinkKind.KERNEL);
    assertThat(kindFor(new LinkShape(Optional.empty(), 10, 0, 0)))
        .isEqualTo(Topology.LinkKind.USER_SPACE);
    assertThat(kindFor(new LinkShape(Optional.empty(), 0, 0.5, 0)))
        .isEqualTo(Topology.LinkKind.USER_SPACE);
  }

  private static Topology.LinkKind kindFor(LinkShape shape) {
    return LabPlan.of(new LabName("x"), shape).topology().shapedNetwork().kind();
  }

  @Test
  void refusesWhatCannotBeALab() {
    for (String hosts : List.of("", "alpha,alpha", "client,beta", "a,b,c,d,e,f,g,h,i", "Alpha")) {
      assertThatThrownBy(
              () ->
                  LabPlan.of(new LabName("x"), LinkShape.UNSHAPED)
                      .withHosts(LabPlan.parseHosts(hosts)))
          .as(hosts)
          .isInstanceOf(ProblemException.class);
    }
    for (String name : List.of("", "A", "a/b", "..", "seventeen-letters")) {
      assertThatThrownBy(() -> new LabName(name)).isInstanceOf(ProblemException.class);
    }
    assertThatThrownBy(() -> new LinkShape(Optional.empty(), -1, 0, 0))
        .isInstanceOf(ProblemException.class);
    assertThatThrownBy(() -> new LinkShape(Optional.empty(), 0, 101, 0))
        .isInstanceOf(ProblemException.class);
  }

  @Test
  void keepsTheAgentsSocketWithinTheLimitOfUnixSockets() {
    String longest = "x".repeat(16);
    String path =
        LabRecord.folder(longest)
            .resolve("y".repeat(40))
            .resolve("run/drover/agent.sock")
            .toString();
    assertThat(path.length()).isLessThan(108);
  }

  @Test
  void givesEverybodyAnAddressOfTheirOwn() {
    Set<String> addresses = new HashSet<>(Set.of(AddressPlan.CLIENT));
    for (int i = 0; i < AddressPlan.MAX_HOSTS; i++) {
      assertThat(addresses.add(AddressPlan.host(i))).isTrue();
      assertThat(addresses.add(AddressPlan.hostOnGuestNetwork(i))).isTrue();
    }
    for (int i = 0; i < 100; i++) {
      assertThat(addresses.add(PAIR.guests().getFirst().address(i))).isTrue();
      assertThat(addresses.add(AddressPlan.guestMac(i))).isTrue();
    }
  }

  @Test
  void readsLinksByNodeAndByNetwork() {
    LabRecord lab = record(NOBODY, LabRecord.Keeping.KEPT);
    assertThat(LabLink.parse("alpha", lab).toString()).isEqualTo("[alpha.migration, alpha.guests]");
    assertThat(LabLink.parse("beta.guests", lab).toString()).isEqualTo("[beta.guests]");
    assertThat(LabLink.parse("client", lab).toString()).isEqualTo("[client.guests]");
    for (String wrong : List.of("gamma", "fabric", "alpha.x", "client.migration", "")) {
      assertThatThrownBy(() -> LabLink.parse(wrong, lab)).isInstanceOf(ProblemException.class);
    }
  }

  @Test
  void rememberedLabsAreReadAsTheyWereWritten() {
    LabStore store = new LabStore(folder);
    LabRecord lab = record(ProcessIdentity.current(), LabRecord.Keeping.OWNED);
    store.write(lab);
    assertThat(store.read("x")).contains(lab);
    assertThat(store.names()).containsExactly("x");
    assertThat(lab.isLeftover()).isFalse();
    assertThat(record(NOBODY, LabRecord.Keeping.OWNED).isLeftover()).isTrue();
    assertThat(lab.withKeeping(LabRecord.Keeping.KEPT).isLeftover()).isTrue(); // no node lives
    store.remove("x");
    assertThat(store.read("x")).isEmpty();
    store.removeRootIfEmpty();
    assertThat(folder).doesNotExist();
  }

  @Test
  void aBrokenRecordIsALeftover() throws Exception {
    LabStore store = new LabStore(folder);
    java.nio.file.Files.createDirectories(folder.resolve("broken"));
    java.nio.file.Files.writeString(folder.resolve("broken/lab.json"), "{\"name\":");
    assertThat(store.exclusively(() -> Leftovers.removeDeadLabs(store))).containsExactly("broken");
    assertThat(folder.resolve("broken")).doesNotExist();
  }

  @Test
  void theLabOfAnotherVersionStaysWhileItsOwnerLives() throws Exception {
    LabStore store = new LabStore(folder);
    ProcessIdentity self = ProcessIdentity.current();
    java.nio.file.Files.createDirectories(folder.resolve("other"));
    java.nio.file.Path file = folder.resolve("other/lab.json");
    String record =
        """
        {"name":"other","owner":{"pid":%d,"startTicks":%d},"keeping":"OWNED","link":"KERNEL","nodes":[]}
        """;
    java.nio.file.Files.writeString(file, record.formatted(self.pid(), self.startTicks()));
    assertThat(store.read("other")).isEmpty();
    assertThat(store.exclusively(() -> Leftovers.removeDeadLabs(store))).isEmpty();
    java.nio.file.Files.writeString(file, record.formatted(NOBODY.pid(), NOBODY.startTicks()));
    assertThat(store.exclusively(() -> Leftovers.removeDeadLabs(store))).containsExactly("other");
  }

  @Test
  void writesAConfigurationThatNamesThePeers() {
    LabRecord lab = record(NOBODY, LabRecord.Keeping.KEPT);
    assertThat(LabAgents.configuration(lab.node("alpha").orElseThrow(), lab.hosts()))
        .isEqualTo(
            """
            name: alpha
            listen: "198.51.100.1:7717"
            tls: {authority: /run/drover-tls/ca.pem, certificate: /run/drover-tls/host.pem, key: /run/drover-tls/host.key}
            peers:
              beta: {address: "198.51.100.2:7717", send: true, receive: true}
            operators: [lab]
            run-directory: /run/drover
            state-directory: /run/drover-state
            """);
  }

  @Test
  void readsMemoryLoads() {
    assertThat(Workload.parseStress("256,100")).isEqualTo(new Workload.Verified(256, 100));
    assertThat(Workload.parseStress("2048")).isEqualTo(new Workload.Verified(2048, 0));
    assertThat(Workload.parseStress("0")).isEqualTo(new Workload.Idle());
    for (String wrong : List.of("", "-1", "1,", "a", "1,2,3", "99999999")) {
      assertThatThrownBy(() -> Workload.parseStress(wrong)).isInstanceOf(ProblemException.class);
    }
    assertThat(LabGuest.memoryFor(new Workload.Verified(256, 100)))
        .isEqualTo(ByteSize.ofMebibytes(512));
    assertThat(LabGuest.memoryFor(new Workload.Stress(2048))).isEqualTo(ByteSize.ofMebibytes(2304));
    assertThat(LabGuest.memoryFor(new Workload.Stress(8192))).isEqualTo(ByteSize.ofMebibytes(8960));
  }

  @Test
  void theCacheIsWhereTheEnvironmentSays() {
    assertThat(GuestImageBuilder.defaultCache(Map.of("DROVER_CACHE", "/x/y")))
        .isEqualTo(Path.of("/x/y"));
    assertThat(GuestImageBuilder.defaultCache(Map.of("HOME", "/home/a")))
        .isEqualTo(Path.of("/home/a/.cache/drover"));
  }
}
