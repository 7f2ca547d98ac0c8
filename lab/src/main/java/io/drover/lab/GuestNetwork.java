package io.drover.lab;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What guests of a lab are given.
 *
 * @param bridge which their cards join, of the same name on every host
 * @param prefixes in each of which every guest has an address
 * @param gateways none where guests reach nobody beyond
 */
record GuestNetwork(String bridge, List<String> prefixes, List<String> gateways) {
  /** Added to what a prefix begins with; a lab's machines are below. */
  private static final int FIRST = 100;

  private static final int LAST_OCTET = 254;
  private static final Pattern OLD =
      Pattern.compile("((?:[0-9]{1,3}\\.){3})([0-9]{1,3})(/[0-9]{1,2})");
  private static final Pattern NEW = Pattern.compile("([0-9a-f:]{2,30}::)(/[0-9]{1,3})");

  GuestNetwork {
    prefixes = List.copyOf(prefixes);
    gateways = List.copyOf(gateways);
    Topology.require(!prefixes.isEmpty(), "the guests of %s have no addresses".formatted(bridge));
    for (String prefix : prefixes) {
      Topology.require(
          OLD.matcher(prefix).matches() || NEW.matcher(prefix).matches(),
          "'%s' is no prefix such as 192.0.2.0/24 or 2001:db8::/64".formatted(prefix));
    }
  }

  /** The first address of a guest, without the length of its prefix. */
  String address(int index) {
    return bareAddresses(index).getFirst();
  }

  /** All of its addresses, without the lengths of their prefixes. */
  List<String> bareAddresses(int index) {
    return addresses(index).stream().map(each -> each.substring(0, each.indexOf('/'))).toList();
  }

  /** With the lengths of their prefixes. */
  List<String> addresses(int index) {
    return prefixes.stream().map(prefix -> address(prefix, index)).toList();
  }

  private static String address(String prefix, int index) {
    Matcher six = NEW.matcher(prefix);
    if (six.matches()) {
      return six.group(1) + (FIRST + index) + six.group(2);
    }
    Matcher four = OLD.matcher(prefix);
    if (!four.matches()) {
      throw new IllegalStateException("checked before: " + prefix);
    }
    int last = Integer.parseInt(four.group(2)) + FIRST + index;
    if (index < 0 || last > LAST_OCTET) {
      throw new IllegalArgumentException("guest %d of %s".formatted(index, prefix));
    }
    return four.group(1) + last + four.group(3);
  }
}
