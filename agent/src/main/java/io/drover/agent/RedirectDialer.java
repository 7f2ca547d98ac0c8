package io.drover.agent;

import io.drover.model.HostName;
import io.drover.network.PeerChannel;
import io.drover.network.Redirects;
import io.drover.tunnel.PortClient;

/** Connects to the ports of peers that guests come from or go to. */
record RedirectDialer(Peers peers, PortClient client) implements Redirects.Dialer {
  @Override
  public boolean knows(HostName peer) {
    return peers.exchanging(peer).isPresent();
  }

  @Override
  public PeerChannel dial(HostName name) {
    Peers.Peer peer =
        peers.exchanging(name).orElseThrow(() -> ControlLink.noPeer(name.value()).asException());
    return new TunnelledChannel(client.redirect(name, peer.socketAddress()));
  }
}
