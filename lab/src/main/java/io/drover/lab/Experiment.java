package io.drover.lab;

import io.drover.model.Dedup;
import io.drover.model.Mode;
import io.drover.model.Transport;
import io.drover.report.CaseKey;
import io.drover.report.ContenderKey;
import io.drover.report.Figure;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * A declaration of what is measured, and nothing else: data that can be listed, planned, estimated
 * and compared. {@link BenchRunner} carries it out.
 *
 * @param question what a reader learns from it, in one sentence
 * @param measures the ones that are shown, those that matter most first
 * @param runs how often each contender runs unless a person says otherwise
 */
record Experiment(
    String name,
    String question,
    Procedure procedure,
    List<Measure> measures,
    List<Target> targets,
    List<Published> published,
    List<Figure> figures,
    int runs) {

  Experiment {
    measures = List.copyOf(measures);
    targets = List.copyOf(targets);
    published = List.copyOf(published);
    figures = List.copyOf(figures);
  }

  /** Everything that is to be measured, in that order. */
  List<Piece> plan(OptionalInt wantedRuns) {
    return procedure.plan(wantedRuns.orElse(runs));
  }

  /** Tells declarations apart whose samples must not be mixed. */
  String fingerprint() {
    CRC32 sum = new CRC32();
    sum.update(procedure.toString().getBytes(StandardCharsets.UTF_8));
    return "%08x".formatted(sum.getValue());
  }

  /** What is done again and again. A new kind needs a {@link Site}, too. */
  sealed interface Procedure permits Moves, Trips, ClientCommand, ManyMoves, Reach, Relocations {
    /** In the order in which they are shown. */
    List<CaseKey> cases();

    List<ContenderKey> contenders();

    /** Everything that is to be measured, in that order. */
    List<Piece> plan(int runs);

    /** The memory that a case takes of the machine at its most, in MiB. */
    long memoryMebibytes(String caseName);

    /** What the guests of a case run. */
    List<Workload> workloads(String caseName);
  }

  /** One guest moves there and back, the contenders taking turns. */
  record Moves(List<Stage> stages) implements Procedure {
    public Moves {
      stages = List.copyOf(stages);
    }

    static Moves of(List<Case> cases, List<Contender> contenders) {
      return new Moves(List.of(new Round(cases, contenders)));
    }

    List<Case> guests() {
      return stages.stream().flatMap(stage -> stage.guests().stream()).distinct().toList();
    }

    List<Contender> movers() {
      return stages.stream().flatMap(stage -> stage.contenders().stream()).distinct().toList();
    }

    /** Those that are bisected. */
    List<Limit> limits() {
      return stages.stream().filter(Limit.class::isInstance).map(Limit.class::cast).toList();
    }

    @Override
    public List<CaseKey> cases() {
      return stages.stream().flatMap(stage -> stage.keys().stream()).distinct().toList();
    }

    @Override
    public List<ContenderKey> contenders() {
      return movers().stream().map(Contender::key).toList();
    }

    @Override
    public List<Piece> plan(int runs) {
      List<Piece> pieces = new ArrayList<>();
      stages.forEach(stage -> pieces.addAll(stage.plan(runs)));
      return pieces;
    }

    @Override
    public long memoryMebibytes(String caseName) {
      return stages.stream()
          .flatMap(stage -> stage.guests().stream().filter(one -> stage.isPartOf(one, caseName)))
          .mapToLong(
              one -> guestsOf(one, caseName) * LabGuest.memoryFor(one.workload()).mebibytes())
          .max()
          .orElse(0);
    }

    /** Those that move, twice; and the idle ones of the other movers. */
    private long guestsOf(Case one, String caseName) {
      long movers = waysIn(caseName).stream().map(Way::mover).distinct().count();
      return 2L * one.together() + Math.max(0, movers - 1);
    }

    /** In which ways contenders move the guests of a case. */
    Set<Way> waysIn(String caseName) {
      Set<Way> ways = EnumSet.noneOf(Way.class);
      for (Stage stage : stages) {
        if (stage.guests().stream().anyMatch(one -> stage.isPartOf(one, caseName))) {
          stage.contenders().forEach(contender -> ways.add(contender.way()));
        }
      }
      return ways;
    }

    @Override
    public List<Workload> workloads(String caseName) {
      return stages.stream()
          .flatMap(stage -> stage.guests().stream().filter(one -> stage.isPartOf(one, caseName)))
          .map(Case::workload)
          .toList();
    }
  }

  /** A part of a sweep; the parts come one after the other, those that tell most first. */
  sealed interface Stage permits Round, Limit {
    List<Case> guests();

    List<Contender> contenders();

    List<CaseKey> keys();

    List<Piece> plan(int runs);

    /** Whether this guest boots for the case of that name. */
    boolean isPartOf(Case one, String caseName);
  }

  /** Every contender in every case; a case's guest boots once. */
  record Round(List<Case> guests, List<Contender> contenders) implements Stage {
    public Round {
      guests = List.copyOf(guests);
      contenders = List.copyOf(contenders);
    }

    @Override
    public List<CaseKey> keys() {
      return guests.stream().map(Case::key).toList();
    }

    /** Contenders alternate, and so does who begins: nobody always has the freshest guest. */
    @Override
    public List<Piece> plan(int runs) {
      List<Piece> pieces = new ArrayList<>();
      for (int at = 0; at < guests.size(); at++) {
        Case one = guests.get(at);
        double boot = Estimates.bootSeconds(one);
        for (int run = 1; run <= runs; run++) {
          List<Contender> turns = (at + run) % 2 == 1 ? contenders : contenders.reversed();
          for (Contender contender : turns) {
            double seconds =
                isBeyondHope(one, contender) ? 0 : Estimates.moveSeconds(one, contender);
            pieces.add(new Piece(one.name(), contender.name(), run, boot + seconds));
            boot = 0;
          }
        }
      }
      return pieces;
    }

    /** With more stress than what will not converge already; see {@link BenchRunner}. */
    private boolean isBeyondHope(Case one, Contender contender) {
      return contender.modeIn(one) == Mode.PRECOPY
          && one.workload() instanceof Workload.Stress load
          && guests.stream()
              .filter(other -> other.shape().equals(one.shape()))
              .map(Case::workload)
              .anyMatch(
                  other ->
                      other instanceof Workload.Stress less && less.mebibytes() < load.mebibytes());
    }

    @Override
    public boolean isPartOf(Case one, String caseName) {
      return one.name().equals(caseName);
    }
  }

  /**
   * The largest stress that contenders still move, bisected between nothing and {@code largest}.
   * What a {@link Round} found on the same link counts, and each guest that is tried is a case.
   *
   * @param step how exactly the limit is wanted, in MB
   */
  record Limit(String group, LinkShape shape, int largest, int step, List<Contender> contenders)
      implements Stage {
    public Limit {
      contenders = List.copyOf(contenders);
    }

    /** The case that the limit itself belongs to. */
    String caseName() {
      return group + ", limit";
    }

    /** A guest that is tried. */
    Case guest(int mebibytes) {
      String probes = group + ", bisected";
      return new Case(
          "%s, %d MB".formatted(probes, mebibytes),
          probes,
          OptionalDouble.of(mebibytes),
          shape,
          new Workload.Stress(mebibytes),
          Mode.PRECOPY);
    }

    @Override
    public List<Case> guests() {
      List<Case> all = new ArrayList<>();
      for (int mebibytes = step; mebibytes <= largest; mebibytes += step) {
        all.add(guest(mebibytes));
      }
      return all;
    }

    @Override
    public List<CaseKey> keys() {
      List<CaseKey> keys = new ArrayList<>();
      guests().forEach(one -> keys.add(one.key()));
      keys.add(new CaseKey(caseName(), group, OptionalDouble.empty()));
      return keys;
    }

    @Override
    public List<Piece> plan(int runs) {
      return contenders.stream()
          .map(
              contender -> new Piece(caseName(), contender.name(), 1, Estimates.limitSeconds(this)))
          .toList();
    }

    @Override
    public boolean isPartOf(Case one, String caseName) {
      return caseName().equals(caseName) || one.name().equals(caseName);
    }
  }

  /**
   * Guests that have never been anywhere: for each run in a new lab, to the other host, and back if
   * the trip says so.
   */
  record Trips(List<Trip> trips) implements Procedure {
    public Trips {
      trips = List.copyOf(trips);
    }

    /** The same as moves, for all that both have in common. */
    Moves moves() {
      return new Moves(
          trips.stream()
              .<Stage>map(trip -> new Round(List.of(trip.guest()), trip.contenders()))
              .toList());
    }

    Trip trip(String caseName) {
      return trips.stream()
          .filter(trip -> trip.guest().name().equals(caseName))
          .findFirst()
          .orElseThrow();
    }

    @Override
    public List<CaseKey> cases() {
      return moves().cases();
    }

    @Override
    public List<ContenderKey> contenders() {
      return moves().contenders();
    }

    @Override
    public List<Piece> plan(int runs) {
      List<Piece> pieces = new ArrayList<>();
      for (Trip trip : trips) {
        for (int run = 1; run <= runs; run++) {
          List<Contender> turns = run % 2 == 1 ? trip.contenders() : trip.contenders().reversed();
          for (Contender contender : turns) {
            pieces.add(
                new Piece(trip.guest().name(), contender.name(), run, trip.seconds(contender)));
          }
        }
      }
      return pieces;
    }

    @Override
    public long memoryMebibytes(String caseName) {
      return moves().memoryMebibytes(caseName);
    }

    @Override
    public List<Workload> workloads(String caseName) {
      return moves().workloads(caseName);
    }
  }

  /**
   * Where a guest, or several at once, goes.
   *
   * @param back after which stay it comes back, if it does
   */
  record Trip(Case guest, Optional<Duration> back, List<Contender> contenders) {
    public Trip {
      contenders = List.copyOf(contenders);
    }

    double seconds(Contender contender) {
      double move = Estimates.moveSeconds(guest, contender);
      return Estimates.bootSeconds(guest)
          + move
          + back.map(stay -> stay.toSeconds() + move).orElse(0.0);
    }
  }

  /** {@code drover} with these arguments is run against a lab's agent. */
  record ClientCommand(List<String> arguments) implements Procedure {
    public ClientCommand {
      arguments = List.copyOf(arguments);
    }

    String caseName() {
      return String.join(" ", arguments);
    }

    @Override
    public List<CaseKey> cases() {
      return List.of(CaseKey.of(caseName()));
    }

    @Override
    public List<ContenderKey> contenders() {
      return List.of(ContenderKey.drover(Contender.DROVER));
    }

    @Override
    public List<Piece> plan(int runs) {
      return Piece.repeated(caseName(), Contender.DROVER, runs, 8, 0.5);
    }

    @Override
    public long memoryMebibytes(String caseName) {
      return 0;
    }

    @Override
    public List<Workload> workloads(String caseName) {
      return List.of();
    }
  }

  /** So many guests move at once, each slowly; the agents' memory is looked at meanwhile. */
  record ManyMoves(int guests) implements Procedure {
    String caseName() {
      return guests + " at once";
    }

    @Override
    public List<CaseKey> cases() {
      return List.of(CaseKey.of(caseName()));
    }

    @Override
    public List<ContenderKey> contenders() {
      return List.of(ContenderKey.drover(Contender.DROVER));
    }

    @Override
    public List<Piece> plan(int runs) {
      return Piece.repeated(caseName(), Contender.DROVER, runs, 0, 30 + 10.0 * guests);
    }

    @Override
    public long memoryMebibytes(String caseName) {
      return 2L * guests * Crowd.GUEST_MEMORY.mebibytes();
    }

    @Override
    public List<Workload> workloads(String caseName) {
      return List.of(Crowd.WORKLOAD);
    }
  }

  /**
   * Clients of every kind use a guest that moves in a lab of the topology {@code wan}, there and
   * back.
   */
  record Reach(List<Crossing> trips) implements Procedure {
    static final Workload WORKLOAD = new Workload.Serving();

    public Reach {
      trips = List.copyOf(trips);
    }

    Crossing trip(String caseName) {
      return trips.stream().filter(each -> each.name().equals(caseName)).findFirst().orElseThrow();
    }

    @Override
    public List<CaseKey> cases() {
      return trips.stream().map(trip -> CaseKey.of(trip.name())).toList();
    }

    @Override
    public List<ContenderKey> contenders() {
      return trips.stream()
          .flatMap(trip -> trip.methods().stream())
          .map(method -> ContenderKey.drover(method.name()))
          .distinct()
          .toList();
    }

    /** Each method has a lab of its own, so they do not take turns. */
    @Override
    public List<Piece> plan(int runs) {
      List<Piece> pieces = new ArrayList<>();
      for (Crossing trip : trips) {
        for (Method method : trip.methods()) {
          pieces.addAll(Piece.repeated(trip.name(), method.name(), runs, 40, 14));
        }
      }
      return pieces;
    }

    @Override
    public long memoryMebibytes(String caseName) {
      return 2 * LabGuest.memoryFor(WORKLOAD).mebibytes();
    }

    @Override
    public List<Workload> workloads(String caseName) {
      return List.of(WORKLOAD);
    }
  }

  /** Between which hosts, and what is tried to keep the guest's clients. */
  record Crossing(String name, String from, String to, List<Method> methods) {
    Crossing {
      methods = List.copyOf(methods);
    }
  }

  /**
   * A way to keep a guest reachable.
   *
   * @param bridge which the guest's card joins
   * @param agentLines what every host's agent is told for it
   */
  record Method(String name, String bridge, String agentLines, Filter filter) {
    /** What the hosts let through to the guest. */
    enum Filter {
      NONE,
      /** See {@link StrictFilter}; somebody tries what it forbids all the time. */
      STRICT
    }
  }

  /**
   * A guest and a link.
   *
   * @param group cases that belong on one chart
   * @param x where it stands on a curve
   * @param together how many such guests move at once
   */
  record Case(
      String name,
      String group,
      OptionalDouble x,
      LinkShape shape,
      Workload workload,
      Mode mode,
      int together) {

    /** One guest. */
    Case(
        String name,
        String group,
        OptionalDouble x,
        LinkShape shape,
        Workload workload,
        Mode mode) {
      this(name, group, x, shape, workload, mode, 1);
    }

    /** One that is on no curve. */
    Case(String name, LinkShape shape, Workload workload, Mode mode) {
      this(name, "", OptionalDouble.empty(), shape, workload, mode);
    }

    CaseKey key() {
      return new CaseKey(name, group, x);
    }
  }

  /**
   * One way of moving.
   *
   * @param mode instead of the case's
   * @param dedup whether memory crosses by content
   * @param against the stock contender that it is to be compared with; only Drover's have one
   */
  record Contender(
      String name, Way way, Optional<Mode> mode, Dedup dedup, Optional<String> against) {
    static final String DROVER = "drover";

    static Contender of(String name, Way way) {
      return new Contender(name, way, Optional.empty(), Dedup.OFF, Optional.empty());
    }

    static Contender of(String name, Transport transport) {
      return of(name, Way.of(transport));
    }

    static Contender of(String name, Transport transport, Mode mode) {
      return new Contender(name, Way.of(transport), Optional.of(mode), Dedup.OFF, Optional.empty());
    }

    Contender against(String stock) {
      return new Contender(name, way, mode, dedup, Optional.of(stock));
    }

    /** Memory by content is off unless an experiment is about it. */
    Contender withDedup(Dedup use) {
      return new Contender(name, way, mode, use, against);
    }

    ContenderKey key() {
      return way == Way.TUNNEL
          ? new ContenderKey(name, ContenderKey.Kind.DROVER, against)
          : ContenderKey.stock(name);
    }

    Mode modeIn(Case one) {
      return mode.orElse(one.mode());
    }
  }

  /**
   * A number that somebody else published, for the column beside ours.
   *
   * @param contender under which name it is shown, such as {@code published hybrid}
   * @param against the stock contender that it corresponds to
   */
  record Published(
      String contender,
      Optional<String> against,
      String caseName,
      Measure measure,
      double value,
      String source) {}
}
