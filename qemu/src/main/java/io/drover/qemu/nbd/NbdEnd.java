package io.drover.qemu.nbd;

/** How serving a client ended. */
public sealed interface NbdEnd {
  /** The client said goodbye, and all that it had asked for was done. */
  record Disconnected() implements NbdEnd {}

  /** The client looked, and left before it used the export. */
  record Looked() implements NbdEnd {}

  /** The client vanished, broke the protocol, was too slow to begin, or was cut off. */
  record Broken(String reason) implements NbdEnd {}
}
