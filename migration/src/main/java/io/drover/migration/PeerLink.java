package io.drover.migration;

import io.drover.wire.PeerMessage;

/** The control connection of one migration. */
public interface PeerLink {
  /**
   * Begins to connect, in the background and again and again until {@link #close}; what comes of it
   * reaches the driver as events.
   */
  void connect();

  /** Sends if the connection stands; if it does not, its loss has been or will be an event. */
  void send(PeerMessage message);

  void close();
}
