package io.drover.network;

import io.drover.model.HostName;
import io.drover.model.IpAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Drover's own routing tables, so that what it does is seen in one place and removed without
 * looking twice: {@code ip route show table 7717} has every guest that this host knows the way to,
 * and a table for each peer's device has the way back.
 */
final class RouteTables {
  /** Guests' addresses. */
  static final int GUESTS = 7717;

  /** Consulted before the main table. */
  static final int GUESTS_RULE = 7710;

  /** The preference of the rules that send guests' packets the way they came. */
  static final int RETURN_RULE = 7720;

  /** The protocol number of a route to a guest that is here; a BGP daemon announces these. */
  static final int HERE = 77;

  /** The protocol number of a route to a guest that left. */
  static final int REDIRECTED = 78;

  /** What the peer is called at the other end of a plain device, whoever it is. */
  static final IpAddress NEIGHBOUR4 = new IpAddress("169.254.77.17");

  static final IpAddress NEIGHBOUR6 = new IpAddress("fe80::7717");

  private static final int TUNNELS = 77_000_000;
  private static final int PLAIN = TUNNELS + (1 << 24);
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private RouteTables() {}

  /** What a peer's tunnel is called on this host. */
  static String device(HostName peer) {
    return "drw" + sum(peer);
  }

  /** What the device for plain packets to a peer is called. */
  static String plainDevice(HostName peer) {
    return "drx" + sum(peer);
  }

  private static String sum(HostName peer) {
    CRC32 sum = new CRC32();
    sum.update(peer.value().getBytes(StandardCharsets.UTF_8));
    return "%08x".formatted(sum.getValue());
  }

  static boolean isPlain(String device) {
    return device.matches("drx[0-9a-f]{8}");
  }

  /** The table of a peer's device. */
  static int of(String device) {
    return (isPlain(device) ? PLAIN : TUNNELS)
        + (int) (Long.parseLong(device.substring(3), 16) & 0xffffff);
  }

  /** A route to a guest on a bridge of this host's. */
  static String here(IpAddress address, String bridge) {
    return "route replace %s dev %s proto %d table %d"
        .formatted(address.asPrefix(), bridge, HERE, GUESTS);
  }

  /** A route to a guest that left, by the device of a peer. */
  static String redirect(IpAddress address, String device) {
    String via = "";
    if (isPlain(device)) {
      via = address.isV6() ? "via " + NEIGHBOUR6 + " " : "via " + NEIGHBOUR4 + " onlink ";
    }
    return "route replace %s %sdev %s proto %d table %d"
        .formatted(address.asPrefix(), via, device, REDIRECTED, GUESTS);
  }

  /** The tables of the rules about this address in what {@code ip -j rule show} answers. */
  static List<Integer> rules(String listing, IpAddress from) {
    List<Integer> tables = new ArrayList<>();
    try {
      for (JsonNode rule : MAPPER.readTree(listing.isBlank() ? "[]" : listing)) {
        String source = rule.path("src").asString("all");
        if (!source.equals("all") && new IpAddress(source).equals(from)) {
          tables.add(Integer.parseInt(rule.path("table").asString("0")));
        }
      }
    } catch (JacksonException | NumberFormatException e) {
      throw new IllegalStateException("not what 'ip -j rule show' says: " + listing, e);
    }
    return tables;
  }
}
