package io.drover.lab;

import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.lab.Experiment.Trip;
import io.drover.lab.Experiment.Trips;
import io.drover.lab.Experiments.Scale;
import io.drover.model.ByteRate;
import io.drover.model.Dedup;
import io.drover.model.Mode;
import io.drover.model.Transport;
import io.drover.report.Figure;
import io.drover.report.Verdict.Bound;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** What memory by content spares, and what it costs where there is nothing to spare. */
final class ContentExperiments {
  private static final String AUTO = "drover auto";
  private static final String ON = "drover dedup on";
  private static final String OFF = "drover dedup off";
  private static final String STOCK = ModesExperiment.STOCK_HYBRID;
  private static final int RUNS = 3;
  private static final LinkShape GIGABIT = LinkShape.ofRate(new ByteRate(125_000_000));
  private static final LinkShape THIN = LinkShape.ofRate(new ByteRate(12_500_000));

  /** A fifth of the memory is rewritten once in a minute. */
  private static final int REWRITTEN_PERCENT = 20;

  private static final int LONG_STAY_MINUTES = 5;

  private ContentExperiments() {}

  private static Contender drover(String name, Dedup dedup) {
    return Contender.of(name, Transport.TUNNEL, Mode.AUTO).withDedup(dedup);
  }

  private static Contender stock() {
    return Contender.of(STOCK, Transport.NATIVE, Mode.HYBRID);
  }

  /** There, a stay, and back. */
  static Experiment comingBack(Scale scale) {
    int touched = scale.of(1024);
    int rewritten = touched * REWRITTEN_PERCENT / 100;
    List<Trip> trips = new ArrayList<>();
    List<Target> targets = new ArrayList<>();
    List<Integer> stays = scale == Scale.FULL ? List.of(0, 5, 30) : List.of(0, 1);
    for (int minutes : stays) {
      String idle = "idle, %d min".formatted(minutes);
      trips.add(trip(idle, GIGABIT, new Workload.Touched(touched), minutes));
      targets.add(share(idle, 0.05));
    }
    for (int minutes : stays) {
      if (minutes > 0) {
        String worked = "%d %% rewritten, %d min".formatted(REWRITTEN_PERCENT, minutes);
        int rate = Math.max(1, rewritten / 50);
        trips.add(trip(worked, GIGABIT, new Workload.Worked(touched, rate, rewritten), minutes));
        targets.add(share(worked, 0.25));
      }
    }
    String thin = "idle, 0 min, 100 Mbit/s";
    trips.add(trip(thin, THIN, new Workload.Touched(touched), 0));
    targets.add(
        new Target(
            "total time of stock over Drover's, " + thin,
            Target.ratio(thin, STOCK, AUTO, Measure.TOTAL),
            Bound.AT_LEAST,
            5,
            "x"));
    return new Experiment(
        "return",
        "What crosses when a guest comes back to where it was?",
        new Trips(trips),
        List.of(
            Measure.RETURN_SHARE,
            Measure.LINK_BYTES,
            Measure.TOTAL,
            Measure.FIRST_BYTES,
            Measure.SPARED,
            Measure.CLIENT_GAP,
            Measure.DOWNTIME,
            Measure.MEMORY_ERRORS),
        targets,
        List.of(),
        List.of(
            bars("Bytes back over bytes there", Measure.RETURN_SHARE),
            bars("Total time of the way back", Measure.TOTAL)),
        RUNS);
  }

  private static Trip trip(String name, LinkShape shape, Workload workload, int minutes) {
    Contender auto = drover(AUTO, Dedup.AUTO).against(STOCK);
    // After a long stay nobody else would do anything else than after a short one.
    List<Contender> contenders =
        minutes < LONG_STAY_MINUTES
            ? List.of(auto, drover(OFF, Dedup.OFF).against(STOCK), stock())
            : List.of(auto);
    return new Trip(
        new Case(name, shape, workload, Mode.AUTO),
        Optional.of(Duration.ofMinutes(minutes)),
        contenders);
  }

  private static Target share(String caseName, double limit) {
    return new Target(
        "bytes back over bytes there, " + caseName,
        new Target.Median(caseName, AUTO, Measure.RETURN_SHARE),
        Bound.AT_MOST,
        limit,
        "x");
  }

  /** Guests of one image and one load. */
  static Experiment similar(Scale scale) {
    List<Trip> trips = new ArrayList<>();
    List<Target> targets = new ArrayList<>();
    for (int guests : List.of(1, 4)) {
      String name = "%d of one image".formatted(guests);
      trips.add(
          new Trip(
              new Case(
                  name,
                  "guests at once",
                  OptionalDouble.of(guests),
                  GIGABIT,
                  new Workload.Touched(scale.of(256)),
                  Mode.AUTO,
                  guests),
              Optional.empty(),
              List.of(drover(AUTO, Dedup.AUTO), drover(OFF, Dedup.OFF))));
    }
    targets.add(
        new Target(
            "bytes of four over bytes of one",
            new Target.Ratio(
                new Target.Median("4 of one image", AUTO, Measure.LINK_BYTES),
                new Target.Median("1 of one image", AUTO, Measure.LINK_BYTES)),
            Bound.AT_MOST,
            2,
            "x"));
    return new Experiment(
        "similar",
        "What do guests that were made from one image cost, four at once?",
        new Trips(trips),
        List.of(Measure.LINK_BYTES, Measure.TOTAL, Measure.SPARED, Measure.SOURCE_PROCESSOR),
        targets,
        List.of(),
        List.of(bars("Bytes on the link", Measure.LINK_BYTES), bars("Total time", Measure.TOTAL)),
        RUNS);
  }

  /** The cost of trying. */
  static Experiment incompressible(Scale scale) {
    List<Trip> trips = new ArrayList<>();
    List<Target> targets = new ArrayList<>();
    for (LinkShape shape : List.of(THIN, GIGABIT, LinkShape.UNSHAPED)) {
      String name = shape.rate().map(ByteRate::toString).orElse("no limit");
      int mebibytes = scale.of(shape.equals(THIN) ? 256 : 1024);
      trips.add(
          new Trip(
              new Case(name, shape, new Workload.Touched(mebibytes), Mode.PRECOPY),
              Optional.empty(),
              List.of(precopy(AUTO, Dedup.AUTO), precopy(ON, Dedup.ON), precopy(OFF, Dedup.OFF))));
      targets.add(
          new Target(
              "total time over that without, " + name,
              Target.ratio(name, AUTO, OFF, Measure.TOTAL),
              Bound.AT_MOST,
              1.05,
              "x"));
    }
    return new Experiment(
        "incompressible",
        "What does it cost to look for memory that the target does not hold?",
        new Trips(trips),
        List.of(
            Measure.TOTAL,
            Measure.LINK_BYTES,
            Measure.CLIENT_GAP,
            Measure.SOURCE_PROCESSOR,
            Measure.TARGET_PROCESSOR),
        targets,
        List.of(),
        List.of(
            bars("Total time", Measure.TOTAL),
            bars("Processor time at the source", Measure.SOURCE_PROCESSOR)),
        RUNS);
  }

  private static Contender precopy(String name, Dedup dedup) {
    return Contender.of(name, Transport.TUNNEL, Mode.PRECOPY).withDedup(dedup);
  }

  private static Figure bars(String title, Measure measure) {
    return new Figure.Bars(title, measure.label(), measure.unit());
  }
}
