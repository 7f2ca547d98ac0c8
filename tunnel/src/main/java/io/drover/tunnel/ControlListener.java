package io.drover.tunnel;

import io.drover.wire.PeerMessage;

/** Hears from a {@link ControlConnection}, one call at a time, on a thread of that connection. */
public interface ControlListener {
  /** A message other than a heartbeat. */
  void received(PeerMessage message);

  /** The last call, exactly once. */
  void ended(ControlEnd end);
}
