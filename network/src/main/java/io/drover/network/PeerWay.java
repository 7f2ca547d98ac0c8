package io.drover.network;

import io.drover.model.HostName;
import io.drover.model.IpAddress;
import io.drover.model.ProblemException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to a peer for packets of guests that moved between the two hosts. What the agents say of
 * guests crosses in the connections between their ports, always. The packets take one of two
 * devices: an encrypted tunnel through the same connections, which is always there, or a VXLAN
 * device, where both operators trust the path and it is seen to carry whole packets.
 *
 * <p>Its user's lock guards it.
 */
final class PeerWay {
  private static final Logger LOG = LoggerFactory.getLogger(PeerWay.class);

  private final HostName self;
  private final HostName peer;
  private final HostNetwork network;
  private final int port;
  private final Runnable probed;
  private final PacketTunnel tunnel;
  private final PlainAgreement agreement;
  private Optional<IpAddress> trusted = Optional.empty();
  private Optional<PlainWay> plain = Optional.empty();
  // Given up, but packets may still be routed to it.
  private Optional<PlainWay> unwanted = Optional.empty();
  private List<IpAddress> from = List.of();
  private List<IpAddress> to = List.of();
  private String routed;
  private long stoodNanos = System.nanoTime();

  /**
   * Makes the tunnel's device.
   *
   * @param port UDP's, for VXLAN
   * @param probed is called, on some thread, when a whole packet of the peer's came plainly
   */
  PeerWay(HostName self, HostName peer, HostNetwork network, int port, Runnable probed) {
    this.self = self;
    this.peer = peer;
    this.network = network;
    this.port = port;
    this.probed = probed;
    agreement = new PlainAgreement(port);
    tunnel = new PacketTunnel(peer, network);
    routed = tunnel.device();
  }

  /** Goes on with the plain device of an earlier run, until the peer is heard of again. */
  void takeUpPlain() {
    PlainWay left = PlainWay.left(network, RouteTables.plainDevice(peer));
    plain = Optional.of(left);
    agreement.carriedBefore();
    routed = left.device();
  }

  // ---- the packets ----

  private PacketWay carrying() {
    return agreement.carries() && plain.isPresent() ? plain.get() : tunnel;
  }

  /** The device by which packets are to go. */
  String device() {
    return carrying().device();
  }

  Reachability.Carrier carrier() {
    return carrying().carrier();
  }

  /** Why packets do not go plainly, where at least one of the two operators trusts the path. */
  Optional<String> note() {
    return agreement.obstacle();
  }

  /** Only packets from the ones or for the others are let in. */
  void letIn(Collection<IpAddress> senders, Collection<IpAddress> receivers) {
    tunnel.letIn(senders, receivers);
    List<IpAddress> nowFrom = senders.stream().sorted().distinct().toList();
    List<IpAddress> nowTo = receivers.stream().sorted().distinct().toList();
    if (nowFrom.equals(from) && nowTo.equals(to)) {
      return;
    }
    from = nowFrom;
    to = nowTo;
    try {
      plain.ifPresent(each -> each.letIn(from, to));
    } catch (ProblemException e) {
      tell(giveUp(e.problem().message()));
    }
  }

  /**
   * Has packets go by the device that they are to go by, if that has changed, and then removes what
   * is not wanted any more. May be repeated when it fails.
   *
   * @param reroute leads all that goes to or comes from the peer to the device of that name
   */
  void follow(Consumer<String> reroute) {
    String device = device();
    if (!device.equals(routed)) {
      reroute.accept(device);
      routed = device;
    }
    if (unwanted.isPresent()) {
      PlainWay gone = unwanted.get();
      unwanted = Optional.empty();
      gone.remove();
    }
  }

  // ---- the connections ----

  Set<PacketTunnel.Line> lines() {
    return tunnel.lines();
  }

  /** Whether the two agents are connected. */
  boolean stands() {
    return tunnel.stands();
  }

  /**
   * Whether packets get there, as far as is known. The plain device does without the agents, so one
   * that starts again is not noticed; one that does not come back may have gone with its host.
   */
  boolean isPassable(long now) {
    return stands()
        || (agreement.carries() && now - stoodNanos <= PlainAgreement.PATIENCE.toNanos());
  }

  /**
   * The agents are connected.
   *
   * @param address the peer's, if this host's operator trusts the path there
   */
  void begin(PacketTunnel.Line line, Optional<IpAddress> address) {
    long now = System.nanoTime();
    boolean first = lines().isEmpty();
    lines().add(line);
    stoodNanos = now;
    trusted = address;
    if (address.isPresent()) {
      if (first) {
        agreement.ask(now);
      }
      line.send(new RedirectMessage.Trusts(address.get(), port));
    } else if (plain.isPresent()) {
      line.send(giveUp("the address of %s is not known now".formatted(peer)));
    } else if (first) {
      agreement.saysNothing();
    }
  }

  /** Serves a connection to its end, on the caller's thread. */
  void serve(PacketTunnel.Line line, Consumer<RedirectMessage> messages) {
    tunnel.serve(line, messages);
  }

  private void tell(RedirectMessage message) {
    lines().forEach(line -> line.send(message));
  }

  // ---- whether they go plainly ----

  /** Takes in what the peer says of the path between the two hosts; answers it, if need be. */
  Optional<RedirectMessage> hear(RedirectMessage.OfPath message) {
    return switch (message) {
      case RedirectMessage.Trusts theirs -> answer(theirs);
      case RedirectMessage.Arrives _ -> {
        agreement.told(System.nanoTime());
        judge();
        yield Optional.empty();
      }
      case RedirectMessage.Distrusts(String reason) -> {
        RedirectMessage _ = giveUp("%s says: %s".formatted(peer, reason));
        yield Optional.empty();
      }
    };
  }

  private Optional<RedirectMessage> answer(RedirectMessage.Trusts theirs) {
    if (trusted.isEmpty()) {
      String why =
          "%s would send packets plainly, but no 'trusted-path' is said of it here".formatted(peer);
      LOG.info("host={} packets of guests that moved go through the port: {}", peer, why);
      agreement.refuse(why);
      return Optional.of(
          new RedirectMessage.Distrusts("its agent.yaml does not call the path trusted"));
    }
    if (theirs.port() != port) {
      return Optional.of(
          giveUp(
              "VXLAN has UDP port %d on %s, %d on %s".formatted(port, self, theirs.port(), peer)));
    }
    if (theirs.to().isV6() != trusted.get().isV6()) {
      return Optional.of(
          giveUp(
              "%s is known as %s to %s, which is known as %s to it: not one version of IP"
                  .formatted(self, theirs.to(), peer, trusted.get())));
    }
    try {
      plain.ifPresent(PlainWay::close);
      unwanted = Optional.empty();
      plain =
          Optional.of(
              PlainWay.make(
                  network,
                  Vxlan.between(self, peer, theirs.to(), trusted.get(), port),
                  from,
                  to,
                  probed));
      agreement.made();
      if (agreement.carries()) {
        routed = ""; // it may be another device by the same name
      }
      return Optional.empty();
    } catch (ProblemException e) {
      plain = Optional.empty();
      return Optional.of(giveUp(e.problem().message()));
    }
  }

  /** Sends nothing plainly, for a reason that the peer is to be told, too. */
  private RedirectMessage giveUp(String why) {
    LOG.warn("host={} packets of guests that moved go through the port: {}", peer, why);
    agreement.refuse(why);
    abandonPlain();
    return new RedirectMessage.Distrusts(why);
  }

  private void abandonPlain() {
    if (plain.isPresent()) {
      PlainWay gone = plain.get();
      gone.close();
      plain = Optional.empty();
      unwanted = Optional.of(gone);
    }
  }

  /** A whole packet of the peer's came plainly. */
  void probed() {
    if (plain.isPresent()) {
      agreement.heard(System.nanoTime());
      tell(new RedirectMessage.Arrives(Vxlan.MTU));
      judge();
    }
  }

  /** Time has gone by. */
  void tick() {
    if (stands()) {
      stoodNanos = System.nanoTime();
      judge();
    }
  }

  private void judge() {
    if (trusted.isEmpty() || !stands()) {
      return;
    }
    boolean carried = agreement.carries();
    Optional<String> obstacle = agreement.obstacle();
    agreement.judge(System.nanoTime());
    if (agreement.carries() != carried) {
      LOG.info("host={} packets of guests that moved go by {}", peer, device());
    }
    if (!agreement.obstacle().equals(obstacle)) {
      agreement
          .obstacle()
          .ifPresent(
              why ->
                  LOG.warn(
                      "host={} packets of guests that moved go through the port: {}", peer, why));
    }
  }

  /** Stops carrying packets. Devices and routes stay: an agent that starts again goes on. */
  void close() {
    plain.ifPresent(PlainWay::close);
    tunnel.close();
  }

  /** Removes all of it: no guest needs it any more. */
  void remove() {
    unwanted.ifPresent(PlainWay::remove);
    plain.ifPresent(PlainWay::remove);
    tunnel.remove();
  }
}
