package io.drover.network;

import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where guests of routed bridges are, and the packets of those that moved: a host to which the
 * world still leads passes them on to the host that has the guest, and the guest's own go back the
 * same way, so that whoever checks where packets come from is content.
 *
 * <p>The host that has the guest asks for its packets: it connects to each host they may still come
 * to, and claims them under the number of the guest's move. So a second and third move shorten the
 * way instead of chaining it, a connection that breaks is made again by the one who needs it, and
 * of two claims the later move's wins, whichever comes first.
 *
 * <p>Safe for all threads. What is known is kept in the journal before it is acted on.
 */
public final class Redirects implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Redirects.class);
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(2);
  private static final Duration SILENCE = Duration.ofSeconds(8);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  private final HostName self;
  private final NetworkSettings settings;
  private final HostNetwork network;
  private final Dialer dialer;
  private final Store store;
  private final Map<GuestName, GuestWhereabouts> known = new HashMap<>();
  private final Map<GuestName, GuestWhereabouts> moving = new HashMap<>();
  // What was known of guests that are about to arrive; so again if they do not.
  private final Map<GuestName, GuestWhereabouts> replaced = new HashMap<>();
  private final Map<GuestName, Set<HostName>> granted = new HashMap<>();
  private final Map<HostName, PeerWay> peers = new ConcurrentHashMap<>();
  // Plain devices of an earlier run that are still to be taken up.
  private final Set<String> left = new HashSet<>();
  private final Map<HostName, Thread> dialing = new HashMap<>();
  private final Map<GuestName, Long> usedNanos = new HashMap<>();
  // By which host the packets of a guest that is here leave.
  private final Map<GuestName, Optional<HostName>> waysOut = new HashMap<>();
  private boolean closed;

  /** Connects to other hosts' agents. */
  public interface Dialer {
    /** Whether there is any use in trying. */
    boolean knows(HostName peer);

    /** Throws what keeps it from that. */
    PeerChannel dial(HostName peer);

    /** Whether the operator says that packets may cross the path to it plainly. */
    boolean trusts(HostName peer);

    /** Where it is; throws what keeps that from being found out. */
    IpAddress address(HostName peer);
  }

  /** Where it outlives the agent. */
  public interface Store {
    void keep(GuestWhereabouts whereabouts);

    void forgetWhereabouts(GuestName guest);

    List<GuestWhereabouts> allWhereabouts();
  }

  public Redirects(
      HostName self, NetworkSettings settings, HostNetwork network, Dialer dialer, Store store) {
    this.self = self;
    this.settings = settings;
    this.network = network;
    this.dialer = dialer;
    this.store = store;
  }

  /** Makes this host the gateway it is to be, and takes up what an earlier run left. */
  public void start() {
    settings.routedBridges().values().forEach(network::gateway);
    synchronized (this) {
      store.allWhereabouts().forEach(each -> known.put(each.guest(), each));
      if (!settings.routedBridges().isEmpty()) {
        sweep();
        List.copyOf(known.values()).forEach(this::takeUp);
      }
    }
    if (!settings.routedBridges().isEmpty()) {
      Thread.ofVirtual().name("redirects").start(this::watch);
    }
  }

  /** Of what an earlier run left, only that is kept which a guest needs and the operator trusts. */
  private void sweep() {
    Set<String> needed =
        settings.redirect() == NetworkSettings.Redirect.OFF
            ? Set.of()
            : known.values().stream()
                .flatMap(
                    each -> each.isAt(self) ? each.anchorsBut(self).stream() : Stream.of(each.at()))
                .filter(dialer::trusts)
                .map(RouteTables::plainDevice)
                .collect(Collectors.toSet());
    try {
      for (String device : network.plainDevices()) {
        if (needed.contains(device)) {
          left.add(device);
        } else {
          network.removePlain(device);
        }
      }
    } catch (ProblemException e) {
      LOG.warn("what an earlier run left is not known: {}", e.problem());
    }
  }

  private void takeUp(GuestWhereabouts whereabouts) {
    try {
      if (settings.redirect() == NetworkSettings.Redirect.OFF) {
        if (!whereabouts.isAt(self)) {
          network.forgetRoutes(whereabouts.addresses());
        }
      } else if (whereabouts.isAt(self)) {
        whereabouts.anchorsBut(self).stream().filter(dialer::knows).forEach(this::connect);
      } else {
        passOn(whereabouts);
      }
    } catch (ProblemException e) {
      LOG.error("guest={} is not reachable through here: {}", whereabouts.guest(), e.problem());
    }
  }

  /** The addresses of a guest that are routed here, not switched. */
  List<IpAddress> routed(Collection<GuestPort> ports) {
    return ports.stream()
        .filter(this::isRouted)
        .flatMap(port -> port.card().addresses().stream())
        .toList();
  }

  boolean isRouted(GuestPort port) {
    return settings.routedBridges().containsKey(port.card().bridge());
  }

  /** Of whose card more is known than its MAC address. */
  private static boolean isKnown(GuestPort port) {
    return !port.card().addresses().isEmpty() || port.card().dnsName().isPresent();
  }

  // ---- the guests of this host ----

  /** The guest is found here: it started, or an earlier run of the agent knew it. */
  public synchronized void found(GuestName guest, List<GuestPort> ports) {
    List<IpAddress> addresses = routed(ports);
    GuestWhereabouts now = known.get(guest);
    if (Optional.ofNullable(moving.get(guest)).filter(next -> next.isAt(self)).isPresent()) {
      moving.remove(guest); // it has arrived for good
      replaced.remove(guest);
    }
    if (ports.stream().anyMatch(Redirects::isKnown) && (now == null || now.isAt(self))) {
      GuestWhereabouts here = now == null ? GuestWhereabouts.first(guest, self, addresses) : now;
      learn(here);
      settle(here, ports);
    }
  }

  /**
   * The guest runs here, whatever was known: one that was given up and taken back too. Claims of
   * the move that was not are of the past then.
   */
  public synchronized void runs(GuestName guest, List<GuestPort> ports) {
    GuestWhereabouts now = known.get(guest);
    if (now != null && !now.isAt(self)) {
      moving.remove(guest);
      // Another guest of that name may have other addresses.
      unroute(now.addresses());
      learn(new GuestWhereabouts(guest, now.sequence() + 1, self, routed(ports), now.anchors()));
    }
    found(guest, ports);
  }

  /** The guest ended here: nobody need pass anything on. */
  public synchronized void ended(GuestName guest) {
    moving.remove(guest);
    replaced.remove(guest);
    GuestWhereabouts last = known.get(guest);
    if (last == null || !last.isAt(self)) {
      return;
    }
    for (HostName anchor : last.anchorsBut(self)) {
      tell(anchor, new RedirectMessage.Ended(guest, last.sequence()));
    }
    unroute(last.addresses());
    forget(guest);
  }

  // ---- moves ----

  /**
   * What the target is to know; empty where nothing of the guest is routed. Changes nothing: it may
   * be a rehearsal.
   */
  synchronized Optional<GuestWhereabouts> next(GuestName guest, HostName to) {
    Optional<GuestWhereabouts> now = Optional.ofNullable(known.get(guest));
    if (now.filter(whereabouts -> whereabouts.isAt(to)).isPresent()) {
      return now; // given up already: the target is being rebuilt
    }
    return now.filter(whereabouts -> whereabouts.isAt(self)).map(here -> here.moved(to));
  }

  /** The guest is about to leave this host. */
  synchronized void moving(GuestName guest, HostName to) {
    if (Optional.ofNullable(known.get(guest)).filter(now -> now.isAt(self)).isPresent()) {
      next(guest, to).ifPresent(whereabouts -> moving.put(guest, whereabouts));
    }
  }

  /** The source gave the guest up: what arrives goes after it from now on. */
  synchronized String leave(GuestName guest, HostName to) {
    Optional<GuestWhereabouts> next =
        Optional.ofNullable(moving.remove(guest))
            .filter(wanted -> wanted.isAt(to))
            .or(() -> Optional.ofNullable(known.get(guest)).map(here -> here.moved(to)));
    GuestWhereabouts latest = known.get(guest);
    if (latest != null && latest.isAt(to) && !latest.addresses().isEmpty()) {
      return sentence(to); // its claim was here first
    }
    if (next.isEmpty() || latest == null || !latest.isAt(self)) {
      return "nothing of it is routed here any more";
    }
    if (latest.addresses().isEmpty()) {
      forget(guest);
      return "it is on the same network there";
    }
    learn(next.get());
    if (settings.redirect() == NetworkSettings.Redirect.OFF) {
      network.forgetRoutes(latest.addresses());
      return "redirects are off: what still arrives here is not passed on";
    }
    passOn(next.get());
    return sentence(to);
  }

  private String sentence(HostName to) {
    PeerWay way = way(to);
    return "what still arrives here goes to %s, %s%s"
        .formatted(
            to,
            switch (way.carrier()) {
              case VXLAN -> "plainly by VXLAN";
              case TUNNEL ->
                  "encrypted"
                      + way.note().map(why -> " (not plainly: %s)".formatted(why)).orElse("");
            },
            way.stands() ? "" : ", once it connects");
  }

  /** Connects to those who will pass packets on, ahead of the switch. */
  synchronized void prepare(GuestWhereabouts next) {
    moving.put(next.guest(), next);
    if (settings.redirect() != NetworkSettings.Redirect.OFF) {
      next.anchorsBut(self).stream().filter(dialer::knows).forEach(this::connect);
    }
  }

  /** The guest stays, or did not come. */
  synchronized void abandon(GuestName guest, HostName to) {
    GuestWhereabouts next = moving.get(guest);
    if (next != null && next.isAt(to)) {
      moving.remove(guest);
    }
    GuestWhereabouts now = known.get(guest);
    if (to.equals(self) && now != null && now.isAt(self) && (next == null || next.equals(now))) {
      unroute(now.addresses());
      forget(guest);
      GuestWhereabouts before = replaced.remove(guest);
      if (before != null) {
        learn(before);
        takeUp(before);
      }
    }
  }

  /** The guest is about to run here. */
  synchronized String arrive(GuestWhereabouts next, List<GuestPort> ports) {
    GuestWhereabouts before = known.get(next.guest());
    if (before != null && !before.isAt(self)) {
      replaced.put(next.guest(), before);
    }
    learn(next);
    settle(next, ports);
    List<HostName> anchors = next.anchorsBut(self);
    return "%s here; packets that arrive at %s follow"
        .formatted(next.addresses(), anchors.isEmpty() ? "no other host" : anchors);
  }

  /** Routes to a guest that is here, the way back of its packets, and the claims. */
  private void settle(GuestWhereabouts now, List<GuestPort> ports) {
    for (GuestPort port : ports) {
      if (isRouted(port)) {
        network.isolate(port);
        network.routeHere(port);
      }
    }
    wayOut(now, dialer::knows);
    granted.put(now.guest(), new HashSet<>());
    if (settings.redirect() != NetworkSettings.Redirect.OFF) {
      for (HostName anchor : now.anchorsBut(self).stream().filter(dialer::knows).toList()) {
        connect(anchor);
        tell(anchor, claim(now));
      }
    }
    filters();
  }

  private void wayOut(GuestWhereabouts now, Predicate<HostName> reachable) {
    Optional<HostName> way =
        settings.redirect() == NetworkSettings.Redirect.OFF
            ? Optional.empty()
            : now.wayOut(self, reachable);
    waysOut.put(now.guest(), way);
    if (way.isPresent()) {
      network.returnThrough(now.addresses(), way(way.get()).device());
    } else {
      network.returnDirectly(now.addresses());
    }
  }

  /** Sends what arrives for a guest that is elsewhere there. */
  private void passOn(GuestWhereabouts elsewhere) {
    network.routeThrough(elsewhere.addresses(), way(elsewhere.at()).device());
    usedNanos.put(elsewhere.guest(), System.nanoTime());
    filters();
  }

  private static RedirectMessage claim(GuestWhereabouts now) {
    return new RedirectMessage.Claim(now.guest(), now.sequence(), now.addresses());
  }

  private void unroute(List<IpAddress> addresses) {
    network.forgetRoutes(addresses);
    network.returnDirectly(addresses);
  }

  private void learn(GuestWhereabouts now) {
    store.keep(now);
    known.put(now.guest(), now);
  }

  private void forget(GuestName guest) {
    known.remove(guest);
    granted.remove(guest);
    usedNanos.remove(guest);
    waysOut.remove(guest);
    store.forgetWhereabouts(guest);
    filters();
  }

  // ---- ways ----

  private PeerWay way(HostName peer) {
    return peers.computeIfAbsent(
        peer,
        name -> {
          PeerWay way = new PeerWay(self, name, network, settings.vxlanPort(), () -> probed(name));
          if (left.remove(RouteTables.plainDevice(name))) {
            way.takeUpPlain();
          }
          return way;
        });
  }

  /** Each way lets in what it is for, and nothing else. */
  private void filters() {
    peers.forEach(
        (peer, way) ->
            way.letIn(
                addresses(known.values().stream().filter(each -> each.isAt(peer)).toList()),
                addresses(guests().filter(each -> each.anchors().contains(peer)).toList())));
  }

  /** Where packets are to take the other device of a way from now on, they do. */
  private void follow(HostName peer) {
    PeerWay way = peers.get(peer);
    if (way != null) {
      way.follow(device -> reroute(peer, device));
    }
  }

  private void reroute(HostName peer, String device) {
    for (GuestWhereabouts now : known.values()) {
      if (now.isAt(peer)) {
        network.routeThrough(now.addresses(), device);
      } else if (now.isAt(self) && wayOut(now.guest()).equals(Optional.of(peer))) {
        network.returnThrough(now.addresses(), device);
      }
    }
  }

  private synchronized void probed(HostName peer) {
    PeerWay way = peers.get(peer);
    if (!closed && way != null) {
      way.probed();
      tryToFollow(peer);
    }
  }

  private void tryToFollow(HostName peer) {
    try {
      follow(peer);
    } catch (ProblemException e) {
      LOG.error("host={} packets do not take another way yet: {}", peer, e.problem());
    }
  }

  private static List<IpAddress> addresses(List<GuestWhereabouts> guests) {
    return guests.stream().flatMap(guest -> guest.addresses().stream()).toList();
  }

  private void tell(HostName peer, RedirectMessage message) {
    PeerWay way = peers.get(peer);
    if (way != null) {
      way.lines().forEach(line -> line.send(message));
    }
  }

  /** Connects, and goes on connecting as long as a guest here needs it. */
  private void connect(HostName peer) {
    PeerWay _ = way(peer);
    filters();
    if (!closed && !dialing.containsKey(peer)) {
      dialing.put(
          peer, Thread.ofVirtual().name("redirect-dial-" + peer).start(() -> keepConnected(peer)));
    }
  }

  /** Ends what no guest needs any more; only {@link #watch} does, so that nobody waits for it. */
  private void dismiss() {
    peers.forEach(
        (peer, way) -> {
          boolean asked = guests().anyMatch(each -> each.anchors().contains(peer));
          if (!asked && dialing.remove(peer) != null) {
            way.lines().forEach(PacketTunnel.Line::close);
          }
          // Whoever connects knows what for, and closes the line when it is not needed any more.
          if (!asked && guests().noneMatch(each -> each.isAt(peer)) && !way.stands()) {
            peers.remove(peer);
            way.remove();
          }
        });
  }

  private Stream<GuestWhereabouts> guests() {
    return Stream.concat(known.values().stream(), moving.values().stream());
  }

  private void keepConnected(HostName peer) {
    Duration pause = Duration.ofMillis(100);
    try {
      while (isDialing(peer)) {
        try {
          PacketTunnel.Line line = new PacketTunnel.Line(dialer.dial(peer));
          LOG.info("host={} passes on what arrives there for guests that are here", peer);
          pause = Duration.ofMillis(100);
          claimAll(peer, line);
          serve(peer, line);
        } catch (ProblemException e) {
          LOG.warn("host={} cannot pass on what arrives there: {}", peer, e.problem());
        }
        Thread.sleep(pause);
        Duration doubled = pause.multipliedBy(2);
        pause = doubled.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : doubled;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean isDialing(HostName peer) {
    return !closed && Thread.currentThread().equals(dialing.get(peer));
  }

  private synchronized void claimAll(HostName peer, PacketTunnel.Line line) {
    for (GuestWhereabouts here : known.values()) {
      if (here.isAt(self) && here.anchors().contains(peer)) {
        line.send(claim(here));
      }
    }
  }

  /** A peer connected, to get what arrives here. Serves it to the connection's end. */
  public void accept(HostName peer, PeerChannel channel) {
    serve(peer, new PacketTunnel.Line(channel));
  }

  private void serve(HostName peer, PacketTunnel.Line line) {
    Optional<IpAddress> trusted = trusted(peer);
    PeerWay way;
    synchronized (this) {
      if (closed || settings.routedBridges().isEmpty()) {
        line.close();
        return;
      }
      try {
        way = way(peer);
      } catch (ProblemException e) {
        LOG.error("host={} no packets can be passed on: {}", peer, e.problem());
        line.close();
        return;
      }
      // From now on the way is not taken away.
      way.begin(line, trusted);
      filters();
    }
    way.serve(line, message -> hear(peer, line, message));
  }

  /** Where the peer is, if packets may go there plainly as far as this host's operator goes. */
  private Optional<IpAddress> trusted(HostName peer) {
    if (!dialer.trusts(peer)) {
      return Optional.empty();
    }
    try {
      return Optional.of(dialer.address(peer)); // which may have to be asked for
    } catch (ProblemException e) {
      LOG.warn("host={} packets go there through the port: {}", peer, e.problem());
      return Optional.empty();
    }
  }

  private synchronized void hear(HostName peer, PacketTunnel.Line line, RedirectMessage message) {
    switch (message) {
      case RedirectMessage.Claim claim ->
          // Without an answer it is asked again, over another line.
          decide(peer, claim).ifPresentOrElse(line::send, line::close);
      case RedirectMessage.Granted(GuestName guest, long _) -> {
        LOG.info("guest={} host={} passes on what arrives there", guest, peer);
        granted.computeIfAbsent(guest, _ -> new HashSet<>()).add(peer);
      }
      case RedirectMessage.Denied(GuestName guest, long sequence, String reason) -> {
        LOG.error("guest={} host={} passes nothing on: {}", guest, peer, reason);
        dropAnchor(peer, guest, sequence);
      }
      case RedirectMessage.Ended(GuestName guest, long sequence) -> {
        dropAnchor(peer, guest, sequence);
        endOf(peer, guest, sequence);
      }
      case RedirectMessage.OfPath path -> {
        PeerWay way = peers.get(peer);
        if (!closed && way != null) {
          way.hear(path).ifPresent(line::send);
          tryToFollow(peer);
        }
      }
    }
  }

  /** Empty where it cannot be done now, and may be later. */
  private Optional<RedirectMessage> decide(HostName peer, RedirectMessage.Claim claim) {
    GuestName guest = claim.guest();
    Optional<GuestWhereabouts> now = Optional.ofNullable(known.get(guest));
    Optional<GuestWhereabouts> next = Optional.ofNullable(moving.get(guest));
    Optional<String> refusal = ClaimRules.refusal(self, peer, claim, now, next);
    if (settings.redirect() == NetworkSettings.Redirect.OFF) {
      refusal = Optional.of("redirects are off here");
    }
    if (refusal.isPresent()) {
      return Optional.of(new RedirectMessage.Denied(guest, claim.sequence(), refusal.get()));
    }
    // What is known of this very move, by its claim or ahead of it, also says which hosts send
    // here.
    GuestWhereabouts there =
        Stream.concat(now.stream(), next.stream())
            .filter(each -> each.isAt(peer) && each.sequence() == claim.sequence())
            .findFirst()
            .orElseGet(
                () ->
                    new GuestWhereabouts(
                        guest, claim.sequence(), peer, claim.addresses(), List.of(self)));
    try {
      moving.remove(guest);
      learn(there);
      passOn(there);
      LOG.info("guest={} is on {} by its move {}", guest, peer, claim.sequence());
      HostName before = now.orElseThrow().at();
      if (!before.equals(self) && !before.equals(peer)) {
        tell(before, new RedirectMessage.Ended(guest, now.orElseThrow().sequence()));
      }
      return Optional.of(new RedirectMessage.Granted(guest, claim.sequence()));
    } catch (ProblemException e) {
      LOG.error("guest={} what arrives cannot be passed on: {}", guest, e.problem());
      return Optional.empty();
    }
  }

  /** A host that has nothing to pass on here is no place the world leads to. */
  private void dropAnchor(HostName peer, GuestName guest, long sequence) {
    GuestWhereabouts now = known.get(guest);
    if (now != null && now.anchors().contains(peer) && sequence <= now.sequence()) {
      if (now.isAt(self) && sequence < now.sequence()) {
        return; // the answer to a claim that has been replaced by now
      }
      GuestWhereabouts rest = now.without(peer);
      learn(rest);
      if (rest.isAt(self)) {
        wayOut(rest, dialer::knows);
      } else {
        network.returnDirectly(rest.addresses());
      }
      filters();
    }
  }

  /** The guest that a peer had is no more. */
  private void endOf(HostName peer, GuestName guest, long sequence) {
    GuestWhereabouts now = known.get(guest);
    if (now != null && now.isAt(peer) && now.sequence() == sequence) {
      stopPassingOn(now, "it ended there");
    }
  }

  private void stopPassingOn(GuestWhereabouts elsewhere, String why) {
    LOG.info(
        "guest={} nothing is passed on to {} any more: {}", elsewhere.guest(), elsewhere.at(), why);
    unroute(elsewhere.addresses());
    forget(elsewhere.guest());
  }

  // ---- time ----

  private void watch() {
    try {
      while (true) {
        Thread.sleep(KEEP_ALIVE);
        try {
          // Outside of the lock: whoever holds it may wait for a line that has to be closed.
          keepLinesAlive();
          synchronized (this) {
            if (closed) {
              return;
            }
            dismiss();
            for (Map.Entry<HostName, PeerWay> each : peers.entrySet()) {
              each.getValue().tick();
              follow(each.getKey());
            }
            mendWaysOut();
          }
          endIdle();
        } catch (ProblemException e) {
          LOG.error("redirects are looked after again in a moment: {}", e.problem());
        } catch (RuntimeException e) {
          LOG.error("redirects are looked after again in a moment", e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * What a guest sends after a host that is gone is lost; leaving as all else does, it arrives
   * where the network has found another way to the guest.
   */
  private void mendWaysOut() {
    if (settings.redirect() == NetworkSettings.Redirect.OFF) {
      return;
    }
    for (GuestWhereabouts now : List.copyOf(known.values())) {
      Predicate<HostName> reachable = peer -> dialer.knows(peer) && isPassable(peer);
      if (now.isAt(self)
          && !now.addresses().isEmpty()
          && !now.wayOut(self, reachable).equals(wayOut(now.guest()))) {
        wayOut(now, reachable);
        LOG.info("guest={} its packets leave by {}", now.guest(), wayOut(now.guest()).orElse(self));
      }
    }
  }

  private void keepLinesAlive() {
    byte[] frame = TunnelFrames.keepAlive();
    for (PeerWay way : peers.values()) {
      for (PacketTunnel.Line line : way.lines()) {
        if (line.silentNanos() > SILENCE.toNanos()) {
          line.close();
        } else {
          // A peer that does not read must not hold up the others.
          Thread.ofVirtual().start(() -> line.send(frame, frame.length));
        }
      }
    }
  }

  private void endIdle() {
    if (settings.redirectIdle().isEmpty()) {
      return;
    }
    long limit = settings.redirectIdle().get().toNanos();
    for (GuestWhereabouts elsewhere : elsewhere()) {
      try {
        boolean used =
            !network.connections(elsewhere.addresses()).stream().allMatch(Connection::isOver);
        synchronized (this) {
          long now = System.nanoTime();
          if (used) {
            usedNanos.put(elsewhere.guest(), now);
          } else if (now - usedNanos.getOrDefault(elsewhere.guest(), now) > limit
              && elsewhere.equals(known.get(elsewhere.guest()))) {
            tell(
                elsewhere.at(), new RedirectMessage.Ended(elsewhere.guest(), elsewhere.sequence()));
            stopPassingOn(elsewhere, "its last connection this way is gone");
          }
        }
      } catch (ProblemException e) {
        LOG.warn(
            "guest={} whether its redirect is used is not known: {}",
            elsewhere.guest(),
            e.problem());
      }
    }
  }

  private synchronized List<GuestWhereabouts> elsewhere() {
    return known.values().stream().filter(each -> !each.isAt(self)).toList();
  }

  // ---- what people ask ----

  /** What is known of a guest, if it is or was on a routed bridge here. */
  public synchronized Optional<GuestWhereabouts> find(GuestName guest) {
    return Optional.ofNullable(known.get(guest));
  }

  /** The other hosts that packets of a guest pass on their way to it. */
  synchronized List<Reachability.Way> ways(GuestWhereabouts now) {
    if (!now.isAt(self)) {
      boolean passed =
          !now.addresses().isEmpty() && settings.redirect() != NetworkSettings.Redirect.OFF;
      return passed ? List.of(way(now.at(), Reachability.Direction.TO, true)) : List.of();
    }
    return now.anchorsBut(self).stream()
        .map(anchor -> way(anchor, Reachability.Direction.FROM, isGranted(now.guest(), anchor)))
        .toList();
  }

  /** Whether a guest may be on that host by its move of that number: it is not here to stay. */
  synchronized boolean mayBeAt(HostName peer, GuestName guest, long sequence) {
    GuestWhereabouts now = known.get(guest);
    GuestWhereabouts next = moving.get(guest);
    return now == null
        || !now.isAt(self)
        || (next != null && next.isAt(peer) && next.sequence() == sequence);
  }

  private Reachability.Way way(HostName peer, Reachability.Direction direction, boolean agreed) {
    Optional<PeerWay> way = Optional.ofNullable(peers.get(peer));
    return new Reachability.Way(
        peer,
        direction,
        connected(peer),
        agreed,
        way.map(PeerWay::carrier).orElse(Reachability.Carrier.TUNNEL),
        way.flatMap(PeerWay::note));
  }

  /** By which other host a guest's own packets leave, if they do. */
  synchronized Optional<HostName> wayOut(GuestName guest) {
    return waysOut.getOrDefault(guest, Optional.empty());
  }

  /** Whether the way to or from that host stands. */
  public synchronized boolean connected(HostName peer) {
    PeerWay way = peers.get(peer);
    return way != null && way.stands();
  }

  private boolean isPassable(HostName peer) {
    PeerWay way = peers.get(peer);
    return way != null && way.isPassable(System.nanoTime());
  }

  synchronized boolean isGranted(GuestName guest, HostName anchor) {
    return granted.getOrDefault(guest, Set.of()).contains(anchor);
  }

  /** Why a guest whose addresses are routed at its source cannot come, if it cannot. */
  Optional<Problem> missing(List<GuestPort> ports, GuestWhereabouts next) {
    return ports.stream()
        .filter(port -> !isRouted(port))
        .filter(port -> port.card().addresses().stream().anyMatch(next.addresses()::contains))
        .findFirst()
        .map(
            port ->
                Problem.peer(
                    "target-network",
                    "Bridge '%s' is not routed at the target as it is at the source"
                        .formatted(port.card().bridge()),
                    "List it under 'network: routed-bridges' in the target's agent.yaml too."));
  }

  /** Stops carrying packets. Devices and routes stay: an agent that starts again goes on. */
  @Override
  public void close() {
    List<PeerWay> all;
    synchronized (this) {
      closed = true;
      dialing.values().forEach(Thread::interrupt);
      all = new ArrayList<>(peers.values());
    }
    all.forEach(PeerWay::close);
  }
}
