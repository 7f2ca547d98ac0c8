package io.drover.agent;

import io.drover.api.HostView;
import io.drover.model.HostName;
import io.drover.model.Problem;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The hosts this one may deal with, and what each may do. */
final class Peers {
  private final Map<HostName, Peer> peers;

  /**
   * Another host.
   *
   * @param send whether guests may go there
   * @param receive whether guests may come from there
   * @param trustedPath whether packets of guests that moved may cross the path to it in the clear
   */
  record Peer(
      HostName name, String address, int port, boolean send, boolean receive, boolean trustedPath) {
    InetSocketAddress socketAddress() {
      return new InetSocketAddress(address, port);
    }
  }

  Peers(List<Peer> all) {
    peers = new TreeMap<>();
    all.forEach(peer -> peers.put(peer.name(), peer));
  }

  Peer sendingTo(HostName name) {
    Peer peer = peers.get(name);
    if (peer == null) {
      throw ControlLink.noPeer(name.value()).asException();
    }
    if (!peer.send()) {
      throw Problem.usage(
              "sending-not-permitted",
              "This host may not send guests to '%s'".formatted(name),
              "Set 'send: true' for that peer in the agent's configuration, if it should.")
          .asException();
    }
    return peer;
  }

  /** A peer with whom guests go or come. */
  Optional<Peer> exchanging(HostName name) {
    return Optional.ofNullable(peers.get(name)).filter(peer -> peer.send() || peer.receive());
  }

  /** All of those. */
  List<HostName> exchanging() {
    return peers.keySet().stream().filter(name -> exchanging(name).isPresent()).toList();
  }

  /** Where one of them listens. */
  InetSocketAddress exchangingAddress(HostName name) {
    return exchanging(name)
        .map(Peer::socketAddress)
        .orElseThrow(() -> ControlLink.noPeer(name.value()).asException());
  }

  /** Such a peer gets packets of guests that came from there, and may know what is here. */
  Optional<Problem> mayExchange(HostName name) {
    return exchanging(name).isPresent()
        ? Optional.empty()
        : Optional.of(
            Problem.peer(
                "not-permitted",
                "The target exchanges no guests with host '%s'".formatted(name),
                "Set 'send: true' or 'receive: true' for it in the target's configuration."));
  }

  Optional<Problem> mayReceiveFrom(HostName name) {
    Peer peer = peers.get(name);
    return peer != null && peer.receive()
        ? Optional.empty()
        : Optional.of(
            Problem.peer(
                "not-permitted",
                "The target does not accept guests from host '%s'".formatted(name),
                "Set 'receive: true' for it in the target's configuration, if it should."));
  }

  List<HostView.PeerView> views() {
    return peers.values().stream()
        .map(
            peer ->
                new HostView.PeerView(
                    peer.name().value(),
                    peer.address() + ":" + peer.port(),
                    peer.send(),
                    peer.receive()))
        .toList();
  }
}
