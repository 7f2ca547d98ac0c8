package io.drover.lab;

import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.lab.Experiments.Scale;
import io.drover.model.ByteRate;
import io.drover.model.Mode;
import io.drover.model.Transport;
import io.drover.report.Figure;
import io.drover.report.Verdict.Bound;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/** Many moves under one fixed load: what a guest's users wait, and how that is spread. */
final class DowntimeExperiment {
  private static final String BUSY = "256 MB at 100 MB/s";
  private static final String AUTO = ModesExperiment.AUTO;
  private static final String POSTCOPY = "drover postcopy";
  private static final int RUNS = 10;
  private static final double MEDIAN_MILLIS = 100;
  private static final double WORST_MILLIS = 250;

  private DowntimeExperiment() {}

  static Experiment of(Scale scale) {
    LinkShape gigabit = LinkShape.ofRate(new ByteRate(125_000_000));
    String stock = ModesExperiment.STOCK_HYBRID;
    return new Experiment(
        "downtime",
        "How long do the users of a busy guest wait, on 1 Gbit/s?",
        Experiment.Moves.of(
            List.of(
                new Case(
                    BUSY,
                    "1 Gbit/s",
                    OptionalDouble.empty(),
                    gigabit,
                    new Workload.Verified(scale.of(256), 100),
                    Mode.AUTO)),
            List.of(
                Contender.of(AUTO, Transport.TUNNEL, Mode.AUTO).against(stock),
                Contender.of(POSTCOPY, Transport.TUNNEL, Mode.POSTCOPY).against(stock),
                Contender.of("drover hybrid", Transport.TUNNEL, Mode.HYBRID).against(stock),
                Contender.of(stock, Transport.NATIVE, Mode.HYBRID),
                Contender.of(ModesExperiment.STOCK_PRECOPY, Transport.NATIVE, Mode.PRECOPY))),
        List.of(
            Measure.CLIENT_GAP,
            Measure.DOWNTIME,
            Measure.TOTAL,
            Measure.LINK_BYTES,
            Measure.MEMORY_ERRORS),
        targets(),
        List.of(),
        List.of(
            new Figure.Distribution(
                "Longest silence, " + BUSY,
                Measure.CLIENT_GAP.label(),
                Measure.CLIENT_GAP.unit(),
                BUSY),
            new Figure.Distribution(
                "Total time, " + BUSY, Measure.TOTAL.label(), Measure.TOTAL.unit(), BUSY)),
        RUNS);
  }

  private static List<Target> targets() {
    List<Target> targets = new ArrayList<>();
    for (String contender : List.of(AUTO, POSTCOPY)) {
      targets.add(
          new Target(
              "median silence, " + contender,
              new Target.Median(BUSY, contender, Measure.CLIENT_GAP),
              Bound.AT_MOST,
              MEDIAN_MILLIS,
              "ms"));
      targets.add(
          new Target(
              "longest silence, " + contender,
              new Target.Worst(BUSY, contender, Measure.CLIENT_GAP),
              Bound.AT_MOST,
              WORST_MILLIS,
              "ms"));
      targets.add(
          new Target(
              "memory errors, " + contender,
              new Target.Worst(BUSY, contender, Measure.MEMORY_ERRORS),
              Bound.AT_MOST,
              0,
              "words"));
    }
    return targets;
  }
}
