package io.drover.lab;

import java.util.List;
import java.util.Map;

/**
 * A hardened firewall for one guest that serves a {@link ClientProbe} of each lawful kind: what is
 * not the beginning of a connection to an open port, or part of one that was seen from its
 * beginning, is dropped.
 */
final class StrictFilter {
  private StrictFilter() {}

  /** On every host connections are tracked from their beginning or not at all. */
  static void harden(Lab lab) {
    for (NodeRecord host : lab.record().hosts()) {
      new Node(host)
          .write(
              Map.of(
                  // Frames between a bridge's ports are filtered like what is routed.
                  "net.bridge.bridge-nf-call-iptables", "1",
                  "net.bridge.bridge-nf-call-ip6tables", "1",
                  "net.netfilter.nf_conntrack_tcp_loose", "0"));
    }
  }

  /** On the host where the guest is now, under the name by which agents take it along. */
  static void load(Lab lab, String host, LabGuest guest) {
    String _ =
        Programs.run(
            lab.node(host).entering(List.of("nft", "-f", "-")),
            rules(guest.name(), guest.bareAddresses()));
  }

  static String rules(String guest, List<String> addresses) {
    StringBuilder others = new StringBuilder();
    StringBuilder own = new StringBuilder();
    for (String address : addresses) {
      String family = Machine.isV6(address) ? "ip6" : "ip";
      others.append(
          "    %1$s saddr != %2$s %1$s daddr != %2$s accept%n".formatted(family, address));
      own.append("    %s saddr %s accept%n".formatted(family, address));
    }
    return """
    table inet drover_%s {
      chain forward {
        type filter hook forward priority 0; policy accept;
    %s    ct state established,related accept
        ct state invalid drop
    %s    icmp type echo-request accept
        icmpv6 type { echo-request, nd-neighbor-solicit, nd-neighbor-advert } accept
        udp dport { 7, 9 } accept
        tcp dport { 7, 9, 19, 80 } tcp flags & (fin | syn | rst | ack) == syn ct state new accept
        drop
      }
    }
    """
        .formatted(guest, others, own);
  }
}
