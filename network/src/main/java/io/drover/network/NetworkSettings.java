package io.drover.network;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * What an operator says of guests' networks on this host.
 *
 * @param routedBridges by name; every other bridge is a switch that reaches the same network on
 *     every host
 * @param vxlanPort UDP's, for packets to and from peers to which the path is trusted; alike on
 *     every host
 * @param redirectIdle after so long without a packet and without a tracked connection a redirect
 *     ends; never if it is not said
 * @param names where guests' names are kept up to date
 * @param nameService what this host answers for by itself
 */
public record NetworkSettings(
    Map<String, RoutedBridge> routedBridges,
    Redirect redirect,
    int vxlanPort,
    Optional<Duration> redirectIdle,
    Optional<NameSettings> names,
    Optional<NameServiceSettings> nameService,
    Hooks hooks) {
  /**
   * As the agents' port, in UDP: one number to let through a firewall, and apart from the overlays
   * that live on VXLAN's usual one.
   */
  public static final int DEFAULT_VXLAN_PORT = 7717;

  public static final NetworkSettings DEFAULT =
      new NetworkSettings(
          Map.of(),
          Redirect.TUNNEL,
          DEFAULT_VXLAN_PORT,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Hooks.NONE);

  public NetworkSettings {
    routedBridges = Map.copyOf(routedBridges);
  }

  /** How a host passes on what still arrives for a guest that left it. */
  public enum Redirect {
    /** Through the agents' TLS ports; by VXLAN to peers to which the path is trusted. */
    TUNNEL,
    /** Not at all. */
    OFF
  }
}
