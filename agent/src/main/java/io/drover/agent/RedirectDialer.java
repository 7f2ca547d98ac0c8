package io.drover.agent;

import io.drover.model.HostName;
import io.drover.model.IpAddress;
import io.drover.model.Problem;
import io.drover.network.PeerChannel;
import io.drover.network.Redirects;
import io.drover.tunnel.PortClient;
import java.net.InetSocketAddress;

/** Connects to the ports of peers that guests come from or go to. */
record RedirectDialer(Peers peers, PortClient client) implements Redirects.Dialer {
  @Override
  public boolean knows(HostName peer) {
    return peers.exchanging(peer).isPresent();
  }

  @Override
  public PeerChannel dial(HostName name) {
    return new TunnelledChannel(client.redirect(name, peer(name).socketAddress()));
  }

  private Peers.Peer peer(HostName name) {
    return peers.exchanging(name).orElseThrow(() -> ControlLink.noPeer(name.value()).asException());
  }

  @Override
  public boolean trusts(HostName peer) {
    return peers.exchanging(peer).filter(Peers.Peer::trustedPath).isPresent();
  }

  @Override
  public IpAddress address(HostName name) {
    InetSocketAddress address = peer(name).socketAddress();
    if (address.isUnresolved()) {
      throw Problem.host(
              "unresolved",
              "'%s', the address of host '%s', leads nowhere"
                  .formatted(address.getHostString(), name),
              "Write an IP address for it under 'peers', or mend the name.")
          .asException();
    }
    return IpAddress.of(address.getAddress());
  }
}
