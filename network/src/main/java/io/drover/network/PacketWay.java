package io.drover.network;

import io.drover.model.IpAddress;
import java.util.Collection;

/** A network device whose other end is at a peer: what the kernel routes to it comes out there. */
sealed interface PacketWay permits PacketTunnel, PlainWay {
  String device();

  Reachability.Carrier carrier();

  /** Only packets from the ones or for the others come out of it here. */
  void letIn(Collection<IpAddress> from, Collection<IpAddress> to);

  /** Ends what this process does for it. The device stays, for an agent that starts again. */
  void close();

  /** Closes it and removes the device, and with it all routes that use it. */
  void remove();
}
