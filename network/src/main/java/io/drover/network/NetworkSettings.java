package io.drover.network;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * What an operator says of guests' networks on this host.
 *
 * @param routedBridges by name; every other bridge is a switch that reaches the same network on
 *     every host
 * @param redirectIdle after so long without a packet and without a tracked connection a redirect
 *     ends; never if it is not said
 * @param names where guests' names are kept up to date
 * @param nameService what this host answers for by itself
 */
public record NetworkSettings(
    Map<String, RoutedBridge> routedBridges,
    Redirect redirect,
    Optional<Duration> redirectIdle,
    Optional<NameSettings> names,
    Optional<NameServiceSettings> nameService,
    Hooks hooks) {
  public static final NetworkSettings DEFAULT =
      new NetworkSettings(
          Map.of(),
          Redirect.TUNNEL,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Hooks.NONE);

  public NetworkSettings {
    routedBridges = Map.copyOf(routedBridges);
  }

  /** How a host passes on what still arrives for a guest that left it. */
  public enum Redirect {
    /** Through the agents' TLS ports. */
    TUNNEL,
    /** Not at all. */
    OFF
  }
}
