package io.drover.network;

import io.drover.model.IpAddress;
import io.drover.model.NetworkCard;
import java.time.Duration;
import java.util.List;

/**
 * What this host answers for by itself, without a DNS server.
 *
 * @param zones forward and reverse ones; a name without a dot is one in the first forward one
 * @param listen addresses of this host: an answer has to come from the one that was asked
 * @param ttl of all answers, those that there is nothing too
 */
public record NameServiceSettings(
    List<String> zones, List<IpAddress> listen, int port, Duration ttl) {
  public static final int DEFAULT_PORT = 53;
  public static final Duration DEFAULT_TTL = Duration.ofSeconds(1);

  public NameServiceSettings {
    zones = List.copyOf(zones);
    listen = List.copyOf(listen);
    if (zones.stream().allMatch(NameServiceSettings::isReverse) || listen.isEmpty()) {
      throw new IllegalArgumentException("zones %s at %s".formatted(zones, listen));
    }
  }

  /** Whether it can be answered for. */
  public static boolean isZone(String text) {
    return NetworkCard.isDnsName(text);
  }

  /** Whether the zone leads from addresses to names. */
  public static boolean isReverse(String zone) {
    return zone.endsWith(".in-addr.arpa") || zone.endsWith(".ip6.arpa");
  }

  /** Where names without a dot are. */
  String ownZone() {
    return zones.stream().filter(zone -> !isReverse(zone)).findFirst().orElseThrow();
  }
}
