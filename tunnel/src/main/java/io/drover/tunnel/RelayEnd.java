package io.drover.tunnel;

/** How a {@link Relay} ended. */
public sealed interface RelayEnd {
  /** Both sides ended both directions in order. */
  record Clean() implements RelayEnd {}

  /** Anything else; both directions of both legs are closed. */
  record Broken(String reason) implements RelayEnd {}
}
