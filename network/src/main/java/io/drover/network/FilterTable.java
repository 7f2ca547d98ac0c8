package io.drover.network;

import java.util.Set;

/**
 * One nftables table of a guest's own.
 *
 * @param objects what is in it, as nft's JSON lists it: an array of objects without handles
 */
public record FilterTable(String family, String name, String objects) {
  static final Set<String> FAMILIES = Set.of("inet", "ip", "ip6", "arp", "bridge", "netdev");

  public FilterTable {
    if (!FAMILIES.contains(family)) {
      throw new IllegalArgumentException("'%s' is no family of nftables".formatted(family));
    }
  }
}
