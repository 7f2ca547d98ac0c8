package io.drover.agent;

import io.drover.migration.PeerLink;
import io.drover.network.LeavingGuest;
import io.drover.wire.Blob;
import io.drover.wire.PeerMessage;

/**
 * A control connection on which the target learns, ahead of the two messages that matter, what it
 * needs to keep the guest reachable. On one connection the order cannot be lost, so that the target
 * never has to ask for it, nor to wait for more than what is there.
 */
record ContinuousLink(PeerLink link, LeavingGuest guest) implements PeerLink {
  @Override
  public void connect() {
    link.connect();
  }

  @Override
  public void send(PeerMessage message) {
    if (message instanceof PeerMessage.Prepare) {
      byte[] offer = guest.offer();
      guest.begins();
      link.send(continuity(offer));
    } else if (message instanceof PeerMessage.Commit) {
      guest.handOver().forEach(bytes -> link.send(continuity(bytes)));
    }
    link.send(message);
    if (message instanceof PeerMessage.Commit) {
      guest.gaveUp();
    }
  }

  private static PeerMessage continuity(byte[] bytes) {
    return new PeerMessage.Continuity(new Blob(bytes));
  }

  @Override
  public void close() {
    link.close();
  }
}
