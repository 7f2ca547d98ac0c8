package io.drover.lab;

import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.lab.Experiment.Crossing;
import io.drover.lab.Experiment.Method;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A guest with clients of every kind that goes there and back, in a lab for each method. */
final class ReachSite implements Site {
  private static final String GUEST = "reached";
  private static final Duration QUIET = Duration.ofSeconds(1);
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** For what was retransmitted later and later, and for what the guest says once a second. */
  private static final Duration SETTLE = Duration.ofSeconds(4);

  /** The guest says once a second what came, and a report takes its time. */
  private static final long LAST_WORD_MILLIS = 2500;

  private static final Duration REACH_PATIENCE = Duration.ofSeconds(15);

  private final Crossing trip;
  private final Function<Method, Lab> labs;
  private final HostControl.Factory agents;
  private final GuestImage image;
  private final Steps steps;
  private @Nullable Place place;

  private record Place(Method method, Lab lab, LabGuest guest, String here) {}

  ReachSite(
      Crossing trip,
      Function<Method, Lab> labs,
      HostControl.Factory agents,
      GuestImage image,
      Steps steps) {
    this.trip = trip;
    this.labs = labs;
    this.agents = agents;
    this.image = image;
    this.steps = steps;
  }

  @Override
  public Measured measure(Piece piece) {
    Method method =
        trip.methods().stream()
            .filter(each -> each.name().equals(piece.contender()))
            .findFirst()
            .orElseThrow();
    Place from = place(method);
    try (Clients clients = clients(from)) {
      Place ready = place(method); // it may have gone home for them
      Programs.pause(QUIET);
      clients.mark();
      String target = ready.here().equals(trip.from()) ? trip.to() : trip.from();
      MigrationView view = move(ready, target);
      Programs.pause(SETTLE);
      Map<ClientKind, ClientReport> reports = clients.reports();
      return Measured.of(
          values(
              view,
              reports,
              ready.guest().serial(target).silentTraffic(),
              2.0 * ready.lab().record().topology().shapedNetwork().shape().delayMillis()));
    }
  }

  /** Where nobody reaches the guest any more, it goes home first. */
  private Clients clients(Place at) {
    try {
      return clientsNow(at);
    } catch (ProblemException unreachable) {
      if (at.here().equals(trip.from())) {
        throw unreachable;
      }
      MigrationView _ = move(at, trip.from());
      return clientsNow(place(at.method()));
    }
  }

  private Clients clientsNow(Place at) {
    Set<ClientKind> kinds = EnumSet.copyOf(Clients.LAWFUL);
    if (at.method().filter() == Method.Filter.STRICT) {
      kinds.add(ClientKind.FORBIDDEN);
    }
    return Clients.of(at.lab(), image, at.guest().address(), kinds, REACH_PATIENCE);
  }

  private MigrationView move(Place from, String target) {
    HostControl source = agents.at(LabAgents.socket(from.lab(), from.here()));
    MigrationView view = source.migrate(MigrationRequest.of(GUEST, target));
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (view.outcome().isEmpty() && System.nanoTime() < deadline) {
      Programs.pause(POLL);
      view = source.migration(view.id());
      steps.migration(view);
    }
    if (!view.outcome().equals(Optional.of("completed"))) {
      throw Problem.migration(
              "bench-move",
              "The move ended as %s%s"
                  .formatted(
                      view.outcome().orElse("unknown"),
                      view.problem().map(problem -> ": " + problem.message()).orElse("")),
              "")
          .asException();
    }
    place = new Place(from.method(), from.lab(), from.guest(), target);
    return view;
  }

  static Map<Measure, Double> values(
      MigrationView view,
      Map<ClientKind, ClientReport> reports,
      Optional<SilentTraffic> silent,
      double roundTripMillis) {
    Map<Measure, Double> values = new EnumMap<>(Measure.class);
    values.put(Measure.TOTAL, view.elapsedSeconds());
    Map<ClientKind, Double> gaps = new EnumMap<>(ClientKind.class);
    reports.forEach((kind, report) -> gaps.put(kind, report.gapMillis()));
    silent.ifPresent(
        traffic ->
            gaps.put(
                ClientKind.SINK,
                (double) Math.max(traffic.longestRun() + 1, unheard(traffic, reports))
                    * ClientKind.SINK.interval().toMillis()));
    Optional<ClientReport> forbidden = Optional.ofNullable(reports.get(ClientKind.FORBIDDEN));
    gaps.remove(ClientKind.FORBIDDEN);
    // The guest counts packets, the client connections that were taken.
    forbidden.ifPresent(
        report ->
            values.put(
                Measure.FORBIDDEN,
                (double) (report.answers() + silent.map(SilentTraffic::forbidden).orElse(0L))));
    gaps.forEach((kind, gap) -> values.put(measure(kind), gap));
    values.put(
        Measure.CUT_OFF,
        (double) reports.values().stream().filter(ClientReport::isCutOff).count()
            + (silent.filter(traffic -> unheard(traffic, reports) == 0).isPresent() ? 0 : 1));
    view.downtimeMillis()
        .ifPresent(
            downtime -> {
              values.put(Measure.DOWNTIME, downtime);
              values.put(Measure.DATAGRAM_EXCESS, longest(gaps, Transport.DATAGRAMS) - downtime);
              values.put(
                  Measure.CONNECTION_EXCESS,
                  longest(gaps, Transport.CONNECTIONS)
                      - downtime
                      - RetransmissionTime.inForceMillis(downtime, roundTripMillis));
            });
    return values;
  }

  /**
   * How many datagrams in the end did not arrive, if that is more than the guest's last word is
   * old.
   */
  private static long unheard(SilentTraffic traffic, Map<ClientKind, ClientReport> reports) {
    long sent =
        Optional.ofNullable(reports.get(ClientKind.SINK)).map(ClientReport::sent).orElse(0L);
    long missing = sent - 1 - traffic.last();
    return missing * ClientKind.SINK.interval().toMillis() > LAST_WORD_MILLIS ? missing : 0;
  }

  private enum Transport {
    DATAGRAMS,
    CONNECTIONS
  }

  private static double longest(Map<ClientKind, Double> gaps, Transport transport) {
    return gaps.entrySet().stream()
        .filter(gap -> gap.getKey().retransmits() == (transport == Transport.CONNECTIONS))
        .mapToDouble(Map.Entry::getValue)
        .max()
        .orElse(0);
  }

  private static Measure measure(ClientKind kind) {
    return switch (kind) {
      case PING -> Measure.PING_GAP;
      case UDP -> Measure.UDP_GAP;
      case SINK -> Measure.SINK_GAP;
      case TALK -> Measure.TALK_GAP;
      case DOWN -> Measure.DOWN_GAP;
      case UP -> Measure.UP_GAP;
      case IDLE -> Measure.IDLE_GAP;
      case SHORT -> Measure.SHORT_GAP;
      case WEB -> Measure.WEB_GAP;
      case FORBIDDEN, DNS -> throw new IllegalStateException(kind + " is not measured here");
    };
  }

  private Place place(Method method) {
    Place known = place;
    if (known != null && known.method().equals(method)) {
      return known;
    }
    close();
    Lab lab = labs.apply(method);
    LabGuest guest =
        new LabGuest(
            lab,
            image,
            GUEST,
            0,
            Experiment.Reach.WORKLOAD,
            LabGuest.memoryFor(Experiment.Reach.WORKLOAD),
            lab.record().topology().guestsOf(method.bridge()),
            Optional.empty());
    Place fresh = new Place(method, lab, guest, trip.from());
    // Known before it boots: if it does not, close takes the lab down.
    place = fresh;
    agents.at(LabAgents.socket(lab, trip.from())).startGuest(guest.spec());
    guest.awaitLoaded(trip.from());
    if (method.filter() == Method.Filter.STRICT) {
      StrictFilter.harden(lab);
      StrictFilter.load(lab, trip.from(), guest);
    }
    return fresh;
  }

  @Override
  public void close() {
    Place known = place;
    place = null;
    if (known != null) {
      known.lab().close();
    }
  }
}
