package io.drover.network;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Where guests' names are kept.
 *
 * @param zones what the server lets this host change; forward and reverse ones
 * @param ttl of a guest that stays where it is
 * @param movingTtl of one that is on the move
 */
public record NameSettings(
    String server, int port, Path keyFile, List<String> zones, Duration ttl, Duration movingTtl) {
  public static final int DEFAULT_PORT = 53;
  public static final Duration DEFAULT_TTL = Duration.ofMinutes(5);
  public static final Duration DEFAULT_MOVING_TTL = Duration.ofSeconds(5);

  public NameSettings {
    zones = List.copyOf(zones);
  }

  /** The innermost zone that has the name. */
  Optional<String> zoneOf(String name) {
    return zones.stream()
        .filter(zone -> name.equals(zone) || name.endsWith("." + zone))
        .max(java.util.Comparator.comparingInt(String::length));
  }
}
