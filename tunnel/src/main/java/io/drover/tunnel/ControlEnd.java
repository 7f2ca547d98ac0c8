package io.drover.tunnel;

/** How a {@link ControlConnection} ended. */
public sealed interface ControlEnd {
  /** One side said in order that it has nothing more to say. */
  record Closed() implements ControlEnd {}

  /** It broke, the peer fell silent, or the peer broke the protocol. */
  record Lost(String reason) implements ControlEnd {}
}
