package io.drover.network;

import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What a host knows of where a guest is; kept in the journal.
 *
 * @param sequence counts the guest's moves: what belongs to an earlier one than is known has come
 *     late and loses
 * @param at the host that has the guest
 * @param addresses those on routed bridges, which follow the guest to other subnets; maybe none
 * @param anchors the hosts to which the world still leads, the one it started at first
 */
public record GuestWhereabouts(
    GuestName guest,
    long sequence,
    HostName at,
    List<IpAddress> addresses,
    List<HostName> anchors) {
  private static final int MAX_ANCHORS = 16;

  public GuestWhereabouts {
    addresses = List.copyOf(addresses);
    anchors = List.copyOf(anchors);
    if (anchors.size() > MAX_ANCHORS) {
      throw new IllegalArgumentException("%d anchors".formatted(anchors.size()));
    }
  }

  /** The guest started here, or is found here for the first time. */
  static GuestWhereabouts first(GuestName guest, HostName here, List<IpAddress> addresses) {
    return new GuestWhereabouts(
        guest, 0, here, addresses, addresses.isEmpty() ? List.of() : List.of(here));
  }

  /** It moves; where it was remains a place that the world leads to. */
  GuestWhereabouts moved(HostName to) {
    List<HostName> hosts = new ArrayList<>(anchors);
    if (!addresses.isEmpty() && !hosts.contains(at)) {
      hosts.add(at);
    }
    while (hosts.size() > MAX_ANCHORS) {
      hosts.remove(1);
    }
    return new GuestWhereabouts(guest, sequence + 1, to, addresses, hosts);
  }

  /** A host has nothing to pass on any more. */
  GuestWhereabouts without(HostName anchor) {
    List<HostName> rest = new ArrayList<>(anchors);
    rest.remove(anchor);
    return new GuestWhereabouts(guest, sequence, at, addresses, rest);
  }

  boolean isAt(HostName host) {
    return at.equals(host);
  }

  /** Who is to be asked for what arrives there. */
  List<HostName> anchorsBut(HostName host) {
    return anchors.stream().filter(anchor -> !anchor.equals(host)).toList();
  }

  /**
   * Where the guest's own packets leave, so that they go the way on which the others come; empty if
   * that is the guest's host.
   */
  Optional<HostName> wayOut(HostName here, Predicate<HostName> reachable) {
    return anchors.stream()
        .filter(anchor -> anchor.equals(here) || reachable.test(anchor))
        .findFirst()
        .filter(anchor -> !anchor.equals(here));
  }
}
