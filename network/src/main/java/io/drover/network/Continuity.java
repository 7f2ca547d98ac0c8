package io.drover.network;

import io.drover.model.ContinuityStep;
import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One host's part in keeping guests reachable. */
public final class Continuity {
  private static final Logger LOG = LoggerFactory.getLogger(Continuity.class);

  private final HostName host;
  private final HostNetwork network;
  private final Redirects redirects;
  private final Announcer announcer;
  private final Notifier notifier;
  private final NameService names;

  public Continuity(
      HostName host,
      HostNetwork network,
      Redirects redirects,
      NameService names,
      NetworkSettings settings) {
    this.notifier = new Notifier(host, settings, new SystemCommands(), redirects::find, names);
    this.names = names;
    this.host = host;
    this.network = network;
    this.redirects = redirects;
    this.announcer = new Announcer(network);
  }

  /** Does once, to nobody's harm, what the first move would otherwise be the first to do. */
  public void warmUp() {
    try {
      network.send("lo", List.of());
      List<Connection> _ = network.connections(List.of(new IpAddress("192.0.2.0")));
      byte[] message =
          ContinuityCodec.encode(new ContinuityMessage.HandOver(Optional.empty(), List.of()));
      ContinuityMessage _ = ContinuityCodec.decode(message);
    } catch (ProblemException e) {
      LOG.warn("guests' networks: {}", e.problem());
    }
  }

  /** A guest on its way out; {@code told} hears of each step, the target's too. */
  public LeavingGuest leaving(
      GuestName guest, HostName to, List<GuestPort> ports, Consumer<ContinuityStep> told) {
    return new LeavingGuest(guest, host, to, ports, network, redirects, notifier, told);
  }

  /**
   * A guest on its way here.
   *
   * @param offer what the source said of it, if it did
   * @throws io.drover.model.ProblemException if that cannot be understood
   */
  public ArrivingGuest arriving(
      GuestName guest,
      List<GuestPort> ports,
      Optional<byte[]> offer,
      Consumer<ContinuityStep> told) {
    Optional<ContinuityMessage.Offer> understood =
        offer
            .map(ContinuityCodec::decode)
            .filter(ContinuityMessage.Offer.class::isInstance)
            .map(ContinuityMessage.Offer.class::cast);
    understood
        .flatMap(ContinuityMessage.Offer::whereabouts)
        .filter(next -> !isOf(next, guest, ports))
        .ifPresent(
            next -> {
              throw Problem.peer(
                      "protocol-error",
                      "The source offers %s with %s on %s, and prepares another guest"
                          .formatted(next.guest(), next.addresses(), next.at()),
                      "Run the same release of Drover on both hosts.")
                  .asException();
            });
    return new ArrivingGuest(
        guest, host, ports, network, redirects, announcer, notifier, understood, told);
  }

  /** A host that may send guests may not speak for others with them. */
  private boolean isOf(GuestWhereabouts next, GuestName guest, List<GuestPort> ports) {
    Set<IpAddress> own =
        ports.stream()
            .flatMap(port -> port.card().addresses().stream())
            .collect(Collectors.toSet());
    return next.guest().equals(guest) && next.isAt(host) && own.containsAll(next.addresses());
  }

  /** A guest is this host's: it started, arrived, or an earlier run of the agent knew it. */
  public void found(GuestName guest, List<GuestPort> ports) {
    try {
      redirects.found(guest, ports);
    } catch (ProblemException e) {
      LOG.error("guest={} cannot be routed to: {}", guest, e.problem());
    }
    settled(guest, ports);
  }

  private void settled(GuestName guest, List<GuestPort> ports) {
    redirects
        .find(guest)
        .filter(now -> now.isAt(host))
        .ifPresent(now -> notifier.settled(now, ports, new StepLog(guest, host, step -> {})));
  }

  /** A guest that is here began to run, whoever let it: its network may have forgotten it. */
  public void runsAgain(GuestName guest, List<GuestPort> ports) {
    StepLog log = new StepLog(guest, host, step -> {});
    log.wished(
        "route",
        () -> {
          redirects.runs(guest, ports);
          return "leads here";
        });
    settled(guest, ports);
    for (GuestPort port : ports) {
      log.wished("announce " + port.device(), () -> announcer.announce(port));
    }
  }

  /** Whether what a card says is routed on this host, not switched. */
  public boolean isRouted(GuestPort port) {
    return redirects.isRouted(port);
  }

  /**
   * How a guest is reached, as far as this host knows; empty if it knows nothing of it.
   *
   * @param ports of a guest that is here
   */
  public Optional<Reachability> show(GuestName guest, Optional<List<GuestPort>> ports) {
    Optional<GuestWhereabouts> known =
        redirects.find(guest).or(() -> ports.isPresent() ? Optional.empty() : names.find(guest));
    if (known.isEmpty() && ports.isEmpty()) {
      return Optional.empty();
    }
    GuestWhereabouts now = known.orElseGet(() -> GuestWhereabouts.first(guest, host, List.of()));
    List<IpAddress> addresses =
        Stream.concat(
                now.addresses().stream(),
                ports.stream()
                    .flatMap(List::stream)
                    .flatMap(port -> port.card().addresses().stream()))
            .distinct()
            .toList();
    return Optional.of(
        new Reachability(
            guest,
            now.at(),
            now.sequence(),
            now.addresses(),
            redirects.ways(now),
            redirects.wayOut(guest),
            network.filter(guest),
            connections(addresses),
            names.answered(guest)));
  }

  private Optional<Integer> connections(List<IpAddress> addresses) {
    if (addresses.isEmpty()) {
      return Optional.of(0);
    }
    try {
      return Optional.of(
          (int)
              network.connections(addresses).stream()
                  .filter(connection -> !connection.isOver())
                  .count());
    } catch (ProblemException e) {
      LOG.warn("the kernel's connections are not to be had: {}", e.problem());
      return Optional.empty();
    }
  }

  /** A guest ended here. */
  public void ended(GuestName guest) {
    if (redirects.find(guest).filter(now -> now.isAt(host)).isPresent()) {
      notifier.ended(guest);
    } else {
      notifier.left(guest); // it lives on elsewhere
    }
    try {
      redirects.ended(guest);
    } catch (ProblemException e) {
      LOG.warn("guest={} left a route behind: {}", guest, e.problem());
    }
  }
}
