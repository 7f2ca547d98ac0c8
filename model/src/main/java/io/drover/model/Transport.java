package io.drover.model;

import java.util.Locale;

/** What carries the guest's memory between the hosts. */
public enum Transport {
  /** Drover's one port: TLS 1.3, both sides authenticated. */
  TUNNEL,
  /** QEMU's own TCP connection, in the clear; for comparison and trusted links. */
  NATIVE,
  /** QEMU's own TLS. */
  NATIVE_TLS;

  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  public static Transport parse(String word) {
    for (Transport transport : values()) {
      if (transport.word().equals(word)) {
        return transport;
      }
    }
    throw Problem.usage(
            "bad-transport",
            "'%s' is not a transport".formatted(word),
            "Choose tunnel, native or native-tls.")
        .asException();
  }
}
