package io.drover.lab;

import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.lab.Experiment.Limit;
import io.drover.lab.Experiment.Moves;
import io.drover.lab.Experiment.Trip;
import io.drover.lab.Experiment.Trips;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Opens the site of a case: the one place that knows what a declaration means in labs and guests.
 */
final class Sites {
  /** A disk that has nothing in common with those that are measured. */
  private static final LikeDisk REHEARSED = new LikeDisk(1, 32, 0);

  private static final DiskFile REHEARSED_FILE = new DiskFile("rehearsal.img");

  private final HostControl.Factory agents;
  private final GuestImage image;
  private final LabStore store;
  private final LabName name;
  private final Steps steps;

  Sites(HostControl.Factory agents, GuestImage image, LabStore store, LabName name, Steps steps) {
    this.agents = agents;
    this.image = image;
    this.store = store;
    this.name = name;
    this.steps = steps;
  }

  Site open(Experiment.Procedure procedure, String caseName, Samples samples) {
    return switch (procedure) {
      case Moves moves -> moves(moves, caseName, samples);
      case Trips trips -> trips(trips, caseName);
      case Experiment.ClientCommand command -> new CommandSite(command);
      case Experiment.ManyMoves many -> new CrowdSite(many);
      case Experiment.Reach reach ->
          new ReachSite(
              reach.trip(caseName),
              method ->
                  RestingLab.of(
                      Lab.up(
                          store,
                          LabPlan.of(name, TopologyFile.wan().withAgentLines(method.agentLines())),
                          steps::detail)),
              agents,
              image,
              steps);
      case Relocations relocations -> {
        LinkShape shape = relocations.relocation(caseName).shape();
        yield new RelocationSite(
            relocations.disk(), carrier -> labFor(carrier, shape), agents, image, steps);
      }
    };
  }

  /**
   * Agents have moved a small guest and its disk before, as fast as the machine goes: on the link
   * that is measured that would take minutes, and they measure a link anew for each move.
   */
  private Lab labFor(Carrier carrier, LinkShape shape) {
    LabPlan plan = LabPlan.of(name, shape);
    if (carrier != Carrier.AGENTS) {
      return Lab.up(store, plan.withAgents(LabPlan.Agents.NONE), steps::detail);
    }
    Lab lab = Lab.up(store, plan, steps::detail);
    orElseClose(
        lab,
        () -> {
          lab.shape(LinkShape.UNSHAPED);
          REHEARSED.writeBase(REHEARSED_FILE.on(lab, Relocations.FROM));
          Path _ = REHEARSED_FILE.on(lab, Relocations.TO); // its folder
        });
    steps.detail("rehearsing");
    Lab _ = Rehearsal.in(lab, agents, image, List.of(REHEARSED_FILE.raw()));
    orElseClose(lab, () -> lab.shape(shape));
    return lab;
  }

  private static void orElseClose(Lab lab, Runnable work) {
    try {
      work.run();
    } catch (RuntimeException failure) {
      lab.close();
      throw failure;
    }
  }

  private Site moves(Moves moves, String caseName, Samples samples) {
    Optional<Limit> limit =
        moves.limits().stream().filter(each -> each.caseName().equals(caseName)).findFirst();
    if (limit.isPresent()) {
      return new LimitSite(moves, limit.get(), this::moveOnce, samples, steps);
    }
    Case one =
        moves.guests().stream()
            .filter(each -> each.name().equals(caseName))
            .findFirst()
            .orElseThrow();
    return one.together() > 1
        ? new TogetherSite(moves, crowd(one))
        : new MovingSite(moves, guests(moves, one));
  }

  private Site trips(Trips trips, String caseName) {
    Trip trip = trips.trip(caseName);
    Moves moves = trips.moves();
    return trip.guest().together() > 1
        ? new TripSite(trip, new TogetherSite(moves, crowd(trip.guest())))
        : new TripSite(trip, new MovingSite(moves, guests(moves, trip.guest())));
  }

  private MovingCrowd crowd(Case one) {
    return new MovingCrowd(
        () ->
            Rehearsal.in(
                Lab.up(store, LabPlan.of(name, one.shape()), steps::detail), agents, image),
        agents,
        image,
        one);
  }

  private MovingGuests guests(Moves moves, Case one) {
    return new MovingGuests(
        agents, image, store, name, one, moves.waysIn(one.name()), steps::detail);
  }

  private MovingGuest guest(Case one) {
    return new MovingGuest(
        () -> {
          Lab lab = lab(one.shape());
          steps.detail("booting a guest of " + LabGuest.memoryFor(one.workload()));
          return lab;
        },
        agents,
        image,
        one);
  }

  private Measured moveOnce(Case one, Contender contender) {
    try (MovingGuest guest = guest(one)) {
      return guest.move(contender, steps::migration);
    }
  }

  private Lab lab(LinkShape shape) {
    return RestingLab.of(Lab.up(store, LabPlan.of(name, shape), steps::detail));
  }

  static Contender contender(Moves moves, Piece piece) {
    return moves.movers().stream()
        .filter(each -> each.name().equals(piece.contender()))
        .findFirst()
        .orElseThrow();
  }

  /** Several guests for all contenders. */
  private final class TogetherSite implements Site {
    private final Moves moves;
    private final MovingCrowd crowd;

    TogetherSite(Moves moves, MovingCrowd crowd) {
      this.moves = moves;
      this.crowd = crowd;
    }

    @Override
    public Measured measure(Piece piece) {
      return crowd.move(contender(moves, piece), steps::migration);
    }

    @Override
    public void close() {
      crowd.close();
    }
  }

  /** One guest for all contenders of a kind. */
  private final class MovingSite implements Site {
    private final Moves moves;
    private final MovingGuests guest;

    MovingSite(Moves moves, MovingGuests guest) {
      this.moves = moves;
      this.guest = guest;
    }

    @Override
    public Measured measure(Piece piece) {
      return guest.move(contender(moves, piece), steps::migration);
    }

    @Override
    public void close() {
      guest.close();
    }
  }

  /** New guests in a new lab for each run: what came before leaves nothing that could be found. */
  private static final class TripSite implements Site {
    private final Trip trip;
    private final Site moves;

    TripSite(Trip trip, Site moves) {
      this.trip = trip;
      this.moves = moves;
    }

    @Override
    public Measured measure(Piece piece) {
      try (moves) {
        Measured there = moves.measure(piece);
        if (trip.back().isEmpty() || there.absence().isPresent()) {
          return there;
        }
        Programs.pause(trip.back().get());
        return back(there, moves.measure(piece));
      }
    }

    private static Measured back(Measured there, Measured back) {
      if (back.absence().isPresent()) {
        return back;
      }
      double first = there.values().getOrDefault(Measure.LINK_BYTES, 0.0);
      Map<Measure, Double> values = new EnumMap<>(back.values());
      values.put(Measure.FIRST_BYTES, first);
      if (first > 0) {
        values.put(
            Measure.RETURN_SHARE, back.values().getOrDefault(Measure.LINK_BYTES, 0.0) / first);
      }
      return new Measured(values, Optional.empty(), back.linkUse());
    }

    @Override
    public void close() {
      moves.close();
    }
  }

  /** One lab for all runs of the command. */
  private final class CommandSite implements Site {
    private final Experiment.ClientCommand command;
    private @Nullable Lab lab;

    CommandSite(Experiment.ClientCommand command) {
      this.command = command;
    }

    @Override
    public Measured measure(Piece piece) {
      Lab known = lab;
      if (known == null) {
        known = lab(LinkShape.UNSHAPED);
        lab = known;
        // The first one warms the disk cache up, for a person's second try, too.
        new ClientTimer(known, command).wallMillis();
      }
      return Measured.of(Map.of(Measure.WALL, new ClientTimer(known, command).wallMillis()));
    }

    @Override
    public void close() {
      Lab known = lab;
      lab = null;
      if (known != null) {
        known.close();
      }
    }
  }

  /** A lab for each run: its guests went away. */
  private final class CrowdSite implements Site {
    private final Experiment.ManyMoves many;

    CrowdSite(Experiment.ManyMoves many) {
      this.many = many;
    }

    @Override
    public Measured measure(Piece piece) {
      try (Lab lab = lab(LinkShape.UNSHAPED)) {
        return Measured.of(new Crowd(lab, agents, image, many.guests()).memoryOfAgents());
      }
    }

    @Override
    public void close() {}
  }
}
