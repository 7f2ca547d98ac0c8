package io.drover.model;

import java.util.regex.Pattern;

/** A guest's network card: its address, and the bridge it joins on whatever host it runs. */
public record NetworkCard(String mac, String bridge) {
  private static final Pattern MAC = Pattern.compile("([0-9a-f]{2}:){5}[0-9a-f]{2}");
  private static final Pattern BRIDGE = Pattern.compile("[A-Za-z0-9._-]{1,15}");

  public NetworkCard {
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
  }
}
