package io.drover.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.linux.NetworkNamespace;
import io.drover.linux.TapDevice;
import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
import io.drover.model.NetworkCard;
import io.drover.model.ProblemException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The kernel, nft, conntrack, bridge and ip themselves. */
@Tag("real")
class LinuxNetworkIT extends HostNetworkContract {
  private final Namespaces namespaces = new Namespaces();
  private String host = "";

  @BeforeAll
  static void needed() {
    Namespaces.needed();
  }

  @BeforeEach
  void make() {
    host = namespaces.make("host");
  }

  @AfterEach
  void remove() {
    namespaces.close();
  }

  @Override
  HostNetwork network() {
    return Namespaces.network(host);
  }

  @Test
  void aFilterOfEveryFamilyIsTheSameOnTheOtherHost() {
    Namespaces.in(
        host,
        """
        ip tuntap add dev tap0 mode tap
        nft -f - <<X
        table inet drover_web-1 {
          set open {
            type inet_service
            flags interval
            elements = { 80, 443, 8000-8080 }
          }
          set seen {
            type ipv4_addr
            flags dynamic,timeout
            timeout 1h
            elements = { 192.0.2.7 timeout 1h }
          }
          map m {
            type ipv4_addr : verdict
            elements = { 192.0.2.8 : drop }
          }
          counter c {
            packets 5 bytes 500
          }
          chain f {
            type filter hook forward priority 0; policy drop;
            ct state established,related accept
            ct state invalid drop
            ip daddr 192.0.2.10 tcp dport @open tcp flags syn ct state new counter accept
            ip saddr vmap @m limit rate 10/second burst 20 packets counter name c accept
            ip6 daddr 2001:db8::10 icmpv6 type echo-request accept
          }
        }
        table bridge drover_web-1 {
          chain f {
            type filter hook forward priority 0
            ether saddr 52:54:00:00:00:01 accept
          }
        }
        table netdev drover_web-1 {
          chain i {
            type filter hook ingress device tap0 priority 0
            ether type arp accept
          }
        }
        table inet somebody_elses {
          chain f {
            type filter hook forward priority 0
          }
        }
        X
        """);
    GuestFilter filter = network().filter(WEB);
    assertThat(filter.tables())
        .extracting(FilterTable::family)
        .containsExactly("bridge", "inet", "netdev");

    String other = namespaces.make("other");
    HostNetwork there = Namespaces.network(other);
    Namespaces.in(other, "ip tuntap add dev tap0 mode tap");
    there.load(WEB, filter);

    assertThat(there.filter(WEB).hash()).isEqualTo(filter.hash());
    assertThat(Namespaces.in(other, "nft list table inet drover_web-1"))
        .contains("policy drop")
        .contains("192.0.2.7")
        .contains("packets 5 bytes 500");
    network().removeFilter(WEB);
    assertThat(Namespaces.in(host, "nft list tables")).isEqualTo("table inet somebody_elses\n");
  }

  @Test
  void aChangeOfARuleIsAChangeOfTheHash() {
    network().load(WEB, FILTER);
    String before = network().filter(WEB).hash();
    Namespaces.in(host, "nft add rule inet drover_web-1 f tcp dport 22 accept");
    assertThat(network().filter(WEB).hash()).isNotEqualTo(before);
  }

  @Test
  void framesThatAreAnnouncedReachOtherPortsAndReplaceWhatNeighboursBelieved() {
    // A bridge with the guest's tap and an uplink behind which a neighbour lives.
    String neighbour = namespaces.make("nb");
    Namespaces.in(
        host,
        """
        ip link add br0 type bridge; ip link set br0 up
        ip link add up0 type veth peer name eth0 netns %s
        ip link set up0 master br0 up
        """
            .formatted(neighbour));
    Namespaces.in(
        neighbour,
        """
        ip link set eth0 up; ip addr add 192.0.2.1/24 dev eth0
        ip addr add 2001:db8::1/64 dev eth0 nodad
        ip neigh replace 192.0.2.10 lladdr 02:00:00:00:00:99 dev eth0 nud stale
        ip neigh replace 2001:db8::10 lladdr 02:00:00:00:00:99 dev eth0 nud stale
        """);
    GuestPort port =
        new GuestPort(
            "tap0",
            new NetworkCard(
                "52:54:00:00:00:0a",
                "br0",
                List.of(new IpAddress("192.0.2.10"), new IpAddress("2001:db8::10")),
                Optional.empty()));

    // With a process behind it, as a guest's has.
    try (TapDevice _ = new NetworkNamespace(host).call(() -> TapDevice.create("tap0"))) {
      Namespaces.in(host, "ip link set tap0 master br0 up; sleep 0.2");
      network().learn(port);
      network().learn(port);
      assertThat(Namespaces.in(host, "bridge fdb show br br0"))
          .contains("52:54:00:00:00:0a dev tap0");
    }
    new Announcer(network()).announce(port);

    assertThat(Namespaces.in(neighbour, "sleep 0.4; ip neigh"))
        .contains("192.0.2.10 dev eth0 lladdr 52:54:00:00:00:0a")
        .contains("2001:db8::10 dev eth0 lladdr 52:54:00:00:00:0a");
  }

  private static Vxlan plain(String local, int port) {
    return Vxlan.between(
        new HostName("alpha"),
        new HostName("beta"),
        new IpAddress(local),
        new IpAddress("203.0.113.6"),
        port);
  }

  private String index(String device) {
    return Namespaces.in(host, "cat /sys/class/net/%s/ifindex".formatted(device));
  }

  @Test
  void aPlainDeviceThatIsThereIsTakenUpAsItIsAndAnotherIsMadeAnew() {
    Namespaces.in(
        host,
        """
        ip link add up0 type veth peer name up1; ip link set up1 up
        ip addr add 203.0.113.2/30 dev up0; ip link set up0 up
        """);
    List<IpAddress> guest = List.of(new IpAddress("192.0.2.10"), new IpAddress("2001:db8::10"));
    Vxlan wanted = plain("203.0.113.2", 7717);
    network().letIn(wanted, guest, guest);
    network().plain(wanted);
    String first = index(wanted.device());
    network().letIn(wanted, List.of(), guest);
    network().plain(wanted);
    assertThat(index(wanted.device())).isEqualTo(first);
    assertThat(network().plainDevices()).containsExactly(wanted.device());
    assertThat(Namespaces.in(host, "ip -d link show " + wanted.device()))
        .contains("mtu 1500")
        .contains("vxlan id %d ".formatted(wanted.vni()))
        .contains("remote 203.0.113.6 local 203.0.113.2")
        .contains("dstport 7717")
        .contains("nolearning")
        .contains(" udpcsum");

    network().plain(plain("203.0.113.2", 4789));
    assertThat(index(wanted.device())).isNotEqualTo(first);
    assertThatThrownBy(() -> network().plain(plain("203.0.113.9", 4789)))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("203.0.113.9 is no address of this host");

    network().routeThrough(guest, wanted.device());
    assertThat(Namespaces.in(host, "ip route show table 7717; ip -6 route show table 7717"))
        .contains("192.0.2.10 via 169.254.77.17 dev " + wanted.device())
        .contains("2001:db8::10 via fe80::7717 dev " + wanted.device());
    network().removePlain(wanted.device());
    network().removePlain(wanted.device());
    assertThat(network().plainDevices()).isEmpty();
    assertThat(Namespaces.in(host, "nft list tables")).isEmpty();
  }

  @Test
  void aGuestIsHeardOnceItSpeaksItself() throws Exception {
    Namespaces.in(host, "ip link add br0 type bridge; ip link set br0 up");
    GuestPort port =
        new GuestPort(
            "tap0",
            new NetworkCard(
                "52:54:00:00:00:0a",
                "br0",
                List.of(new IpAddress("192.0.2.10")),
                Optional.empty()));
    List<byte[]> frames = Announcement.of(port);
    byte[] reverseArp = frames.getFirst();
    byte[] arp = frames.getLast();
    try (TapDevice guest = new NetworkNamespace(host).call(() -> TapDevice.create("tap0"))) {
      Namespaces.in(host, "ip link set tap0 master br0 up");
      CompletableFuture<Boolean> heard =
          CompletableFuture.supplyAsync(() -> network().awaitFrame(port, Duration.ofSeconds(1)));
      // What this host sends in its name, and what its hypervisor does.
      for (int i = 0; i < 5; i++) {
        Thread.sleep(100);
        network().send("br0", frames);
        says(guest, reverseArp);
      }
      assertThat(heard.get()).isFalse();

      heard =
          CompletableFuture.supplyAsync(() -> network().awaitFrame(port, Duration.ofSeconds(20)));
      while (!heard.isDone()) {
        says(guest, arp);
        Thread.sleep(20);
      }
      assertThat(heard.get()).isTrue();
    }
  }

  private static void says(TapDevice guest, byte[] frame) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(TapDevice.HEADER_BYTES + frame.length);
      MemorySegment.copy(
          frame, 0, bytes, ValueLayout.JAVA_BYTE, TapDevice.HEADER_BYTES, frame.length);
      assertThat(guest.write(bytes)).isTrue();
    }
  }

  @Test
  void thousandsOfConnectionsOfOthersAreNotMistakenForTheGuests() {
    java.util.List<Connection> many = new java.util.ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      many.add(connection("192.0.2." + (100 + i % 100), 10_000 + i));
    }
    many.add(connection("192.0.2.10", 9));
    network().restore(many);
    assertThat(network().connections(List.of(new IpAddress("192.0.2.10")))).hasSize(1);
  }

  @Test
  void aGuestOfAnotherNameIsNotTouched() {
    network().load(WEB, FILTER);
    network().removeFilter(new GuestName("web"));
    assertThat(network().filter(WEB).isEmpty()).isFalse();
  }
}
