package io.drover.lab;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;

/** In which ways clients use a guest. */
enum ClientKind {
  PING(Duration.ofMillis(20)),
  /** A datagram, its echo. */
  UDP(Duration.ofMillis(20)),
  /** Datagrams that nobody answers. */
  SINK(Duration.ofMillis(20)),
  /** What a firewall must stop. */
  FORBIDDEN(Duration.ofMillis(1)),
  /** One connection, small messages and their echo. */
  TALK(Duration.ofMillis(20)),
  /** A stream from the guest. */
  DOWN(Duration.ofMillis(10)),
  /** A stream to the guest. */
  UP(Duration.ofMillis(10)),
  /** One connection that says nothing until it is woken. */
  IDLE(Duration.ofMillis(10)),
  /** Many connections, a message each. */
  SHORT(Duration.ofMillis(100)),
  /** Many connections, a page each. */
  WEB(Duration.ofMillis(200)),
  /** Questions for the guest's address, to a name server. */
  DNS(Duration.ofMillis(20));

  private final Duration interval;

  ClientKind(Duration interval) {
    this.interval = interval;
  }

  Duration interval() {
    return interval;
  }

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  boolean isAnswered() {
    return this != SINK && this != FORBIDDEN;
  }

  /** Whether it needs what was sent to arrive in the end, after having been sent again. */
  boolean retransmits() {
    return switch (this) {
      case TALK, DOWN, UP, IDLE, SHORT, WEB -> true;
      case PING, UDP, SINK, FORBIDDEN, DNS -> false;
    };
  }

  static ClientKind of(String word) {
    return Arrays.stream(values())
        .filter(kind -> kind.word().equals(word))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(word));
  }
}
