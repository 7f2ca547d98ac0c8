package io.drover.api;

import java.util.List;
import java.util.Optional;

/**
 * {@code GET /v1/network/GUEST}: how a guest is reached, as this host knows it.
 *
 * @param host whose knowledge this is
 * @param at the host that has it
 * @param moves how often it has moved, as far as its addresses are routed
 * @param cards of a guest that is here
 * @param routed its addresses that follow it to other subnets
 * @param ways other hosts that its packets pass
 * @param wayOut the host by which its own packets leave; absent where that is the one that has it
 * @param filterTables the nftables tables of its own that are in force here, by family and name
 * @param filterHash alike on every host for the same rules; absent where there are none
 * @param connections how many open ones with its addresses this host's kernel tracks; absent if it
 *     cannot tell
 * @param names those that the host answers for it by its own name service
 */
public record NetworkView(
    String guest,
    String host,
    String at,
    long moves,
    List<PortView> cards,
    List<String> routed,
    List<WayView> ways,
    Optional<String> wayOut,
    List<String> filterTables,
    Optional<String> filterHash,
    Optional<Integer> connections,
    List<String> names) {

  /**
   * A network card of a guest that is here.
   *
   * @param routed whether its addresses are routed, or its bridge is one network on every host
   */
  public record PortView(
      String device,
      String mac,
      String bridge,
      boolean routed,
      List<String> addresses,
      Optional<String> dnsName) {}

  /**
   * A redirect.
   *
   * @param direction {@code from}: what arrives there comes here; {@code to}: what arrives here
   *     goes there
   * @param stands whether the two agents are connected
   * @param agreed whether the host that passes packets on has said that it does
   * @param carrier {@code tunnel}: encrypted, through the agents' ports; {@code vxlan}: in the
   *     clear
   * @param note why that is the tunnel, where at least one of the two operators trusts the path
   */
  public record WayView(
      String host,
      String direction,
      boolean stands,
      boolean agreed,
      String carrier,
      Optional<String> note) {}
}
