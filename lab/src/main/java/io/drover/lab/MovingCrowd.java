package io.drover.lab;

import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.model.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Several guests that go there and back at once, moved by agents; lab and guests are made with the
 * first move and again after {@link #close}.
 */
final class MovingCrowd implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /** Ended processes are waited for, and a guest that has just arrived settles. */
  private static final Duration SETTLE = Duration.ofMillis(200);

  private final Supplier<Lab> labs;
  private final HostControl.Factory agents;
  private final GuestImage image;
  private final Case one;
  private @Nullable Place place;

  private record Place(Lab lab, List<LabGuest> guests, String here, String there) {}

  MovingCrowd(Supplier<Lab> labs, HostControl.Factory agents, GuestImage image, Case one) {
    this.labs = labs;
    this.agents = agents;
    this.image = image;
    this.one = one;
  }

  /** Orders all of them at once; the total is that of all. */
  Measured move(Contender contender, Consumer<MigrationView> watching) {
    Place from = place();
    HostControl agent = agents.at(LabAgents.socket(from.lab(), from.here()));
    ProcessorTime processor = new ProcessorTime(from.lab());
    LinkCounters before = LinkCounters.ofMigrationLink(from.lab().node(from.here()));
    long started = System.nanoTime();
    List<MigrationView> moves = new ArrayList<>();
    List<Double> offsets = new ArrayList<>();
    for (LabGuest guest : from.guests()) {
      offsets.add((System.nanoTime() - started) / 1e9);
      moves.add(agent.migrate(request(guest, from.there(), contender)));
    }
    long deadline = started + PATIENCE.toNanos();
    while (moves.stream().anyMatch(move -> move.outcome().isEmpty())) {
      if (System.nanoTime() > deadline) {
        throw failure("%d migrations did not end within %s".formatted(moves.size(), PATIENCE));
      }
      Programs.pause(POLL);
      processor.look();
      moves.replaceAll(move -> move.outcome().isPresent() ? move : agent.migration(move.id()));
      watching.accept(moves.getFirst());
    }
    LinkCounters link = LinkCounters.ofMigrationLink(from.lab().node(from.here())).since(before);
    Programs.pause(SETTLE);
    double seconds = 0;
    for (int i = 0; i < moves.size(); i++) {
      MigrationView move = moves.get(i);
      if (!move.outcome().equals(Optional.of("completed"))) {
        throw failure(
            "%s ended as %s%s"
                .formatted(
                    move.guest(),
                    move.outcome().orElseThrow(),
                    move.problem().map(view -> ": " + view.message()).orElse("")));
      }
      seconds = Math.max(seconds, offsets.get(i) + move.elapsedSeconds());
    }
    place = new Place(from.lab(), from.guests(), from.there(), from.here());
    double mebibytes = link.sentBytes() / (double) (1 << 20);
    return Measured.of(
        Map.of(
            Measure.TOTAL,
            seconds,
            Measure.LINK_BYTES,
            mebibytes,
            Measure.THROUGHPUT,
            mebibytes / seconds,
            Measure.SPARED,
            moves.stream()
                .flatMap(move -> move.content().stream())
                .mapToDouble(content -> content.foundBytes() / (double) (1 << 20))
                .sum(),
            Measure.SOURCE_PROCESSOR,
            processor.spent(from.here()).toMillis() / 1000.0 / (mebibytes / 1024),
            Measure.TARGET_PROCESSOR,
            processor.spent(from.there()).toMillis() / 1000.0 / (mebibytes / 1024)));
  }

  private MigrationRequest request(LabGuest guest, String to, Contender contender) {
    return MigrationRequest.of(guest.name(), to)
        .withMode(contender.modeIn(one).word())
        .withTransport(contender.way().word())
        .withDedup(contender.dedup().word());
  }

  private Place place() {
    Place known = place;
    if (known != null) {
      return known;
    }
    Lab lab = labs.get();
    List<LabGuest> guests = new ArrayList<>();
    // Known before they boot: if one does not, close takes the lab down.
    Place fresh = new Place(lab, guests, "alpha", "beta");
    place = fresh;
    for (int i = 0; i < one.together(); i++) {
      LabGuest guest =
          new LabGuest(lab, image, "g" + i, i, one.workload(), LabGuest.memoryFor(one.workload()));
      agents.at(LabAgents.socket(lab, "alpha")).startGuest(guest.spec());
      guests.add(guest);
    }
    guests.forEach(guest -> guest.awaitLoaded("alpha"));
    return fresh;
  }

  private static RuntimeException failure(String why) {
    return Problem.migration("bench-crowd", why, "See the agents' logs in the lab's folder.")
        .asException();
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
