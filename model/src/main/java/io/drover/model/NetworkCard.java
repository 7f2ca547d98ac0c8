package io.drover.model;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A guest's network card, and the bridge it joins on whatever host it runs.
 *
 * @param addresses the IP addresses the guest has on it; what is not written down here cannot be
 *     announced for a guest that stays silent, nor follow it to another subnet
 * @param dnsName a name that leads to them; kept up to date where the agent is told a DNS server,
 *     or agents answer for it themselves. Without a dot it is one in the agents' own zone
 */
public record NetworkCard(
    String mac, String bridge, List<IpAddress> addresses, Optional<String> dnsName) {
  private static final Pattern MAC = Pattern.compile("([0-9a-f]{2}:){5}[0-9a-f]{2}");
  private static final Pattern BRIDGE = Pattern.compile("[A-Za-z0-9._-]{1,15}");
  private static final String LABEL = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?";
  private static final Pattern DNS_NAME =
      Pattern.compile("(?=.{1,253}$)%1$s(\\.%1$s)*".formatted(LABEL));

  private static final int MAX_ADDRESSES = 16;

  public NetworkCard {
    addresses = List.copyOf(addresses);
    if (!MAC.matcher(mac).matches()) {
      throw Problem.usage(
              "bad-mac",
              "'%s' is not a MAC address".formatted(mac),
              "Write six lower-case pairs such as 52:54:00:12:34:56.")
          .asException();
    }
    if (!BRIDGE.matcher(bridge).matches()) {
      throw Problem.usage(
              "bad-bridge", "'%s' is not a bridge name".formatted(bridge), "Name a Linux bridge.")
          .asException();
    }
    if (addresses.size() > MAX_ADDRESSES) {
      throw Problem.usage(
              "bad-address",
              "A network card has %d addresses".formatted(addresses.size()),
              "Write at most %d.".formatted(MAX_ADDRESSES))
          .asException();
    }
    dnsName
        .filter(name -> !isDnsName(name))
        .ifPresent(
            name -> {
              throw Problem.usage(
                      "bad-dns-name",
                      "'%s' is not a DNS name".formatted(name),
                      "Write a lower-case name such as web.example.org, or web for one in the agents'"
                          + " own zone.")
                  .asException();
            });
  }

  /** Whether it is a lower-case name, whole or a single word, without a dot at its end. */
  public static boolean isDnsName(String text) {
    return DNS_NAME.matcher(text).matches();
  }

  /** A card of whose addresses nothing is known. */
  public NetworkCard(String mac, String bridge) {
    this(mac, bridge, List.of(), Optional.empty());
  }
}
