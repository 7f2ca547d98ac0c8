package io.drover.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.HostName;
import io.drover.model.IpAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class VxlanTest {
  private static final HostName ALPHA = new HostName("alpha");
  private static final HostName BETA = new HostName("beta");
  private static final IpAddress HERE = new IpAddress("203.0.113.2");
  private static final IpAddress THERE = new IpAddress("203.0.113.6");
  private static final Vxlan AT_ALPHA = Vxlan.between(ALPHA, BETA, HERE, THERE, 7717);
  private static final Vxlan AT_BETA = Vxlan.between(BETA, ALPHA, THERE, HERE, 7717);

  @Test
  void bothEndsComeToTheSameByThemselves() {
    assertThat(AT_ALPHA.vni()).isEqualTo(AT_BETA.vni()).isBetween(1, 0xffffff);
    assertThat(AT_ALPHA.mac()).isEqualTo(AT_BETA.peerMac()).matches("02(:[0-9a-f]{2}){5}");
    assertThat(AT_ALPHA.peerMac()).isEqualTo(AT_BETA.mac()).isNotEqualTo(AT_ALPHA.mac());
    assertThat(AT_ALPHA.device()).isEqualTo(RouteTables.plainDevice(BETA)).hasSize(11);
  }

  @Test
  void noTwoPairsOfAFleetShareANetworkOrATable() {
    Set<Integer> networks = new HashSet<>();
    Set<Integer> tables = new HashSet<>();
    Set<String> addresses = new HashSet<>();
    int hosts = 40;
    for (int i = 0; i < hosts; i++) {
      HostName self = new HostName("host-" + i);
      tables.add(RouteTables.of(RouteTables.device(self)));
      tables.add(RouteTables.of(RouteTables.plainDevice(self)));
      for (int j = i + 1; j < hosts; j++) {
        Vxlan one = Vxlan.between(self, new HostName("host-" + j), HERE, THERE, 7717);
        networks.add(one.vni());
        addresses.add(one.mac());
      }
    }
    assertThat(networks).hasSize(hosts * (hosts - 1) / 2);
    assertThat(tables).hasSize(2 * hosts);
    assertThat(addresses).hasSize(hosts - 1);
  }

  @Test
  void isMadeForTheTwoHostsAndNobodyElse() {
    assertThat(AT_ALPHA.arguments())
        .isEqualTo(
            "id %d local 203.0.113.2 remote 203.0.113.6 dstport 7717 nolearning udpcsum"
                .formatted(AT_ALPHA.vni()));
    String device = AT_ALPHA.device();
    assertThat(AT_ALPHA.script().lines())
        .contains(
            "ip link add name %s address %s mtu 1500 type vxlan %s"
                .formatted(device, AT_ALPHA.mac(), AT_ALPHA.arguments()),
            "ip link set dev %s alias \"%s\" addrgenmode none"
                .formatted(device, AT_ALPHA.arguments()),
            "ip neigh replace 169.254.77.17 lladdr %s dev %s nud permanent"
                .formatted(AT_ALPHA.peerMac(), device),
            "ip route replace default via 169.254.77.17 dev %s onlink table %d"
                .formatted(device, RouteTables.of(device)),
            "ip -6 route replace default via %s dev %s table %d || true"
                .formatted(RouteTables.NEIGHBOUR6, device, RouteTables.of(device)))
        .noneMatch(line -> line.startsWith(" "));
  }

  @Test
  void letsInThePeerAloneAndOnlyWhatConcernsItsGuests() {
    assertThat(
            AT_ALPHA.filter(
                List.of(new IpAddress("192.0.2.10"), new IpAddress("2001:db8::10")),
                List.of(new IpAddress("192.0.2.12"), new IpAddress("192.0.2.11"))))
        .isEqualTo(
            """
            table inet %1$s
            delete table inet %1$s
            table inet %1$s {
            chain outside {
            type filter hook input priority -300
            udp dport 7717 @th,96,24 0x%2$06x ip saddr != 203.0.113.6 counter drop
            udp dport 7717 @th,96,24 0x%2$06x meta nfproto ipv6 counter drop
            }
            chain inside {
            type filter hook prerouting priority -300
            iifname != "%1$s" accept
            ip saddr { 192.0.2.10 } accept
            ip6 saddr { %3$s } accept
            ip daddr { 192.0.2.11, 192.0.2.12 } accept
            counter drop
            }
            }
            """
                .formatted(
                    AT_ALPHA.device(), AT_ALPHA.vni(), new IpAddress("2001:db8::10").text()));
  }

  @Test
  void letsNothingInWhereThereAreNoGuests() {
    assertThat(AT_ALPHA.filter(List.of(), List.of()))
        .contains("accept\ncounter drop")
        .doesNotContain("{ }");
  }

  @Test
  void knowsTheOtherVersionOfIp() {
    Vxlan six =
        Vxlan.between(
            ALPHA, BETA, new IpAddress("2001:db8::2"), new IpAddress("2001:db8::6"), 4789);
    assertThat(six.filter(List.of(), List.of()))
        .contains("ip6 saddr != %s counter drop".formatted(new IpAddress("2001:db8::6").text()))
        .contains("meta nfproto ipv4 counter drop")
        .contains("udp dport 4789 ");
    assertThat(six.arguments()).contains(" dstport 4789 ");
  }

  @Test
  void aProbeIsAsLargeAsAFrameCanBeAndIsKnownAtTheOtherEndOnly() {
    byte[] probe = AT_ALPHA.probe();
    assertThat(probe).hasSize(1514);
    assertThat(AT_BETA.isProbe(probe, probe.length)).isTrue();
    assertThat(AT_BETA.isProbe(probe, probe.length - 1)).isFalse();
    assertThat(AT_ALPHA.isProbe(probe, probe.length)).isFalse();
  }

  @Test
  void routesByItNameTheOtherEnd() {
    String device = AT_ALPHA.device();
    assertThat(RouteTables.redirect(new IpAddress("192.0.2.10"), device))
        .isEqualTo(
            "route replace 192.0.2.10/32 via 169.254.77.17 onlink dev %s proto 78 table 7717"
                .formatted(device));
    assertThat(RouteTables.redirect(new IpAddress("2001:db8::10"), device))
        .endsWith(
            "/128 via %s dev %s proto 78 table 7717".formatted(RouteTables.NEIGHBOUR6, device));
    assertThat(RouteTables.redirect(new IpAddress("192.0.2.10"), RouteTables.device(BETA)))
        .isEqualTo(
            "route replace 192.0.2.10/32 dev %s proto 78 table 7717"
                .formatted(RouteTables.device(BETA)));
    assertThat(RouteTables.here(new IpAddress("192.0.2.10"), "guests"))
        .isEqualTo("route replace 192.0.2.10/32 dev guests proto 77 table 7717");
  }
}
