package io.drover.lab;

/**
 * Who has which address on a {@link Topology#pair}. Every lab uses the same ones: no lab sees
 * another, nor does the machine. Hosts are counted from 0 in the order in which they were named.
 */
final class AddressPlan {
  /** The one port of every agent. */
  static final int AGENT_PORT = 7717;

  static final String CLIENT = "192.0.2.1";
  static final int MAX_HOSTS = 8;

  private AddressPlan() {}

  /** On the migration network. */
  static String host(int index) {
    return "198.51.100." + (index + 1);
  }

  /** On the guests' network. */
  static String hostOnGuestNetwork(int index) {
    return "192.0.2." + (index + 2);
  }

  static String guestMac(int index) {
    return "52:54:00:00:02:%02x".formatted(index);
  }
}
