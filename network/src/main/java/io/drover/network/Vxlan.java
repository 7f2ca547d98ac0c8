package io.drover.network;

import io.drover.model.HostName;
import io.drover.model.IpAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/**
 * A VXLAN device between two hosts and nobody else. All that both ends have to agree on follows
 * from their names and addresses.
 *
 * <p>Ethernet wants a neighbour to send to: at either end it is called alike ({@link
 * RouteTables#NEIGHBOUR4}, {@link RouteTables#NEIGHBOUR6}) and known for good, so nothing is ever
 * asked for or learnt. The kernel takes packets for a VXLAN from anybody; {@link #filter} does not.
 *
 * @param device what it is called on this host
 * @param vni the network's number
 * @param port UDP's, at both ends
 * @param local this host's address as the peer knows it
 * @param remote the peer's address
 * @param mac the device's MAC address at this end; it differs from the other end's, since the
 *     kernel drops what seems to have come from itself
 */
record Vxlan(
    String device,
    int vni,
    int port,
    IpAddress local,
    IpAddress remote,
    String mac,
    String peerMac) {

  /** As large as guests' own links: whoever sends to them need not be told of another size. */
  static final int MTU = 1500;

  /** An Ethernet type for private use, which no kernel acts on. */
  static final int PROBE_TYPE = 0x88b5;

  private static final int MAC_BYTES = 6;
  private static final int ETHERNET_BYTES = 2 * MAC_BYTES + Short.BYTES;

  static Vxlan between(HostName self, HostName peer, IpAddress local, IpAddress remote, int port) {
    String both = Stream.of(self.value(), peer.value()).sorted().collect(Collectors.joining(" "));
    return new Vxlan(
        RouteTables.plainDevice(peer),
        (int) (sum(both) % 0xffffff) + 1,
        port,
        local,
        remote,
        mac(self),
        mac(peer));
  }

  private static String mac(HostName host) {
    byte[] bytes = ByteBuffer.allocate(Integer.BYTES).putInt((int) sum(host.value())).array();
    return "02:d7:" + HexFormat.ofDelimiter(":").formatHex(bytes);
  }

  private static long sum(String text) {
    CRC32 sum = new CRC32();
    sum.update(text.getBytes(StandardCharsets.UTF_8));
    return sum.getValue();
  }

  /** What the kernel is told when it makes it, as {@code ip link add … type vxlan} wants it. */
  String arguments() {
    // With checksums: the kernel may have to put packets together again from pieces.
    return "id %d local %s remote %s dstport %d nolearning udpcsum"
        .formatted(vni, local, remote, port);
  }

  /** A script that makes it, or finds it made, with the way back through it. */
  String script() {
    return """
    [ -n "$(ip -o addr show to %2$s)" ] || { echo "%2$s is no address of this host's" >&2; exit 1; }
    # One that is there already carries packets: it is made anew only if it is another one.
    if [ "$(cat /sys/class/net/%1$s/ifalias 2>/dev/null)" != "%3$s" ]; then
    ip link delete dev %1$s 2>/dev/null || true
    ip link add name %1$s address %4$s mtu %6$d type vxlan %3$s
    ip link set dev %1$s alias "%3$s" addrgenmode none
    fi
    [ ! -f /proc/sys/net/ipv6/conf/%1$s/disable_ipv6 ] || echo 0 > /proc/sys/net/ipv6/conf/%1$s/disable_ipv6
    ip link set dev %1$s up
    echo 0 > /proc/sys/net/ipv4/conf/%1$s/send_redirects
    ip neigh replace %7$s lladdr %5$s dev %1$s nud permanent
    ip route replace default via %7$s dev %1$s onlink table %9$d
    ip -6 neigh replace %8$s lladdr %5$s dev %1$s nud permanent || true
    ip -6 route replace default via %8$s dev %1$s table %9$d || true
    """
        .formatted(
            device,
            local,
            arguments(),
            mac,
            peerMac,
            MTU,
            RouteTables.NEIGHBOUR4,
            RouteTables.NEIGHBOUR6,
            RouteTables.of(device));
  }

  /**
   * Rules by which nobody but the peer sends into it, and the peer nothing but packets from the
   * ones or for the others: a table called like the device, replaced as a whole.
   */
  String filter(Collection<IpAddress> from, Collection<IpAddress> to) {
    StringBuilder rules = new StringBuilder();
    String own = "udp dport %d @th,96,24 0x%06x".formatted(port, vni);
    String family = remote.isV6() ? "ip6" : "ip";
    String other = remote.isV6() ? "ipv4" : "ipv6";
    rules.append("table inet %1$s\ndelete table inet %1$s\ntable inet %1$s {\n".formatted(device));
    rules.append("chain outside {\ntype filter hook input priority -300\n");
    rules.append("%s %s saddr != %s counter drop\n".formatted(own, family, remote));
    rules.append("%s meta nfproto %s counter drop\n}\n".formatted(own, other));
    rules.append("chain inside {\ntype filter hook prerouting priority -300\n");
    rules.append("iifname != \"%s\" accept\n".formatted(device));
    accept(rules, "saddr", from);
    accept(rules, "daddr", to);
    return rules.append("counter drop\n}\n}\n").toString();
  }

  private static void accept(StringBuilder rules, String end, Collection<IpAddress> addresses) {
    for (String family : new String[] {"ip", "ip6"}) {
      String elements =
          addresses.stream()
              .filter(address -> address.isV6() == family.equals("ip6"))
              .sorted()
              .distinct()
              .map(IpAddress::text)
              .collect(Collectors.joining(", "));
      if (!elements.isEmpty()) {
        rules.append("%s %s { %s } accept\n".formatted(family, end, elements));
      }
    }
  }

  /** A frame as large as the device takes, by which the peer sees that such frames arrive. */
  byte[] probe() {
    return ByteBuffer.allocate(ETHERNET_BYTES + MTU)
        .put(parsed(peerMac))
        .put(parsed(mac))
        .putShort((short) PROBE_TYPE)
        .array();
  }

  /** Whether that frame came whole from the peer. */
  boolean isProbe(byte[] frame, int length) {
    return length == ETHERNET_BYTES + MTU
        && Arrays.equals(frame, MAC_BYTES, 2 * MAC_BYTES, parsed(peerMac), 0, MAC_BYTES);
  }

  private static byte[] parsed(String mac) {
    return HexFormat.ofDelimiter(":").parseHex(mac);
  }
}
