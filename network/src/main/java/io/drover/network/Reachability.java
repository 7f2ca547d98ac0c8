package io.drover.network;

import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
import java.util.List;
import java.util.Optional;

/**
 * How a guest is reached, as one host knows it.
 *
 * @param at the host that has it
 * @param moves how often it has moved, as far as its addresses are routed
 * @param routed its addresses that are routed, not switched
 * @param ways other hosts that its packets pass
 * @param wayOut the host by which its own packets leave; empty where that is the one that has it
 * @param filter the nftables tables of its own that are in force on this host
 * @param connections how many with its addresses this host's kernel tracks and are not over; empty
 *     if it cannot tell
 * @param names those that this host answers for it by itself
 */
public record Reachability(
    GuestName guest,
    HostName at,
    long moves,
    List<IpAddress> routed,
    List<Way> ways,
    Optional<HostName> wayOut,
    GuestFilter filter,
    Optional<Integer> connections,
    List<String> names) {

  public Reachability {
    names = List.copyOf(names);
    routed = List.copyOf(routed);
    ways = List.copyOf(ways);
  }

  /** Which way packets for the guest pass between this host and another. */
  public enum Direction {
    /** What arrives there comes here. */
    FROM,
    /** What arrives here goes there. */
    TO
  }

  /** What carries packets between two hosts. */
  public enum Carrier {
    /** The connection between the agents' ports, encrypted. */
    TUNNEL,
    /** The kernel, in the clear, where both operators trust the path. */
    VXLAN
  }

  /**
   * A redirect.
   *
   * @param stands whether the two agents are connected
   * @param agreed whether the host that passes packets on has said that it does
   * @param carrier what its packets take
   * @param note why that is the tunnel, where at least one of the two operators trusts the path
   */
  public record Way(
      HostName host,
      Direction direction,
      boolean stands,
      boolean agreed,
      Carrier carrier,
      Optional<String> note) {}
}
