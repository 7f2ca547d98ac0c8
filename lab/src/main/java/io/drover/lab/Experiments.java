package io.drover.lab;

import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.lab.Experiment.Published;
import io.drover.lab.Target.Median;
import io.drover.lab.Target.Worst;
import io.drover.model.ByteRate;
import io.drover.model.Mode;
import io.drover.model.Problem;
import io.drover.model.Transport;
import io.drover.report.Figure;
import io.drover.report.Verdict.Bound;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The experiments that there are. */
final class Experiments {
  private static final int RUNS = 5;
  private static final String DROVER = Contender.DROVER;
  private static final String NATIVE = "native";
  private static final LinkShape GIGABIT = LinkShape.ofRate(new ByteRate(125_000_000));

  private Experiments() {}

  /** How large the guests are. */
  enum Scale {
    FULL(1),
    /** To see that an experiment works; its numbers mean little. */
    QUICK(8);

    private final int divisor;

    Scale(int divisor) {
      this.divisor = divisor;
    }

    int of(int mebibytes) {
      return mebibytes / divisor;
    }
  }

  static List<Experiment> all(Scale scale) {
    return List.of(
        ModesExperiment.of(
            scale == Scale.FULL ? ModesExperiment.Extent.FULL : ModesExperiment.Extent.QUICK),
        TunnelExperiment.of(scale),
        DowntimeExperiment.of(scale),
        link(scale),
        auto(scale),
        ContentExperiments.comingBack(scale),
        ContentExperiments.similar(scale),
        ContentExperiments.incompressible(scale),
        client(),
        relay(scale),
        ContinuityExperiment.of(),
        WanExperiment.of(scale));
  }

  static Experiment named(String name, Scale scale) {
    List<Experiment> all = all(scale);
    return all.stream()
        .filter(experiment -> experiment.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                Problem.unknown(
                        "no-such-experiment",
                        "There is no experiment '%s'".formatted(name),
                        "Choose from: "
                            + String.join(", ", all.stream().map(Experiment::name).toList())
                            + ".")
                    .asException());
  }

  private static Experiment link(Scale scale) {
    List<Case> cases = new ArrayList<>();
    List<Target> targets = new ArrayList<>();
    for (Mode mode : List.of(Mode.PRECOPY, Mode.POSTCOPY, Mode.HYBRID, Mode.COLD)) {
      cases.add(new Case(mode.word(), GIGABIT, new Workload.Touched(scale.of(1024)), mode));
      targets.add(
          new Target(
              "rate on the link over native QEMU's, " + mode.word(),
              Target.ratio(mode.word(), DROVER, NATIVE, Measure.LINK_RATE),
              Bound.AT_LEAST,
              0.97,
              "x"));
    }
    return new Experiment(
        "link",
        "Does the tunnel fill a link of 1 Gbit/s as QEMU itself does, in every mode?",
        Experiment.Moves.of(
            cases,
            List.of(
                Contender.of(DROVER, Transport.TUNNEL).against(NATIVE),
                Contender.of(NATIVE, Transport.NATIVE))),
        List.of(Measure.LINK_RATE, Measure.TOTAL, Measure.LINK_BYTES, Measure.CLIENT_GAP),
        targets,
        List.of(),
        List.of(bars("Rate on the link", Measure.LINK_RATE)),
        RUNS);
  }

  private static Experiment auto(Scale scale) {
    String stressed = "2048 MB under stress";
    return new Experiment(
        "auto",
        "Does a guest that dirties all of its memory move in about one pass?",
        Experiment.Moves.of(
            List.of(new Case(stressed, GIGABIT, new Workload.Stress(scale.of(2048)), Mode.AUTO)),
            List.of(
                Contender.of(ModesExperiment.AUTO, Transport.TUNNEL, Mode.AUTO)
                    .against(ModesExperiment.STOCK_HYBRID),
                Contender.of(ModesExperiment.STOCK_HYBRID, Transport.NATIVE, Mode.HYBRID))),
        List.of(Measure.LINE_RATIO, Measure.TOTAL, Measure.LINK_BYTES, Measure.CLIENT_GAP),
        List.of(
            new Target(
                "total time over (non-zero memory over line rate), auto",
                new Median(stressed, ModesExperiment.AUTO, Measure.LINE_RATIO),
                Bound.AT_MOST,
                1.15,
                "x")),
        List.of(
            new Published(
                "published hybrid",
                Optional.of(ModesExperiment.STOCK_HYBRID),
                stressed,
                Measure.TOTAL,
                47,
                "hybrid live migration, 1 Gb/s, 2048 MB stressed")),
        List.of(bars("Total time", Measure.TOTAL)),
        RUNS);
  }

  private static Experiment client() {
    Experiment.ClientCommand command = new Experiment.ClientCommand(List.of("guest", "list"));
    return new Experiment(
        "cli",
        "How long does a person wait for a short answer?",
        command,
        List.of(Measure.WALL),
        List.of(
            new Target(
                "wall time of 'drover guest list' in ms",
                new Median(command.caseName(), DROVER, Measure.WALL),
                Bound.AT_MOST,
                400,
                "ms")),
        List.of(),
        List.of(
            new Figure.Distribution(
                "Wall time", Measure.WALL.label(), Measure.WALL.unit(), command.caseName())),
        RUNS);
  }

  private static Experiment relay(Scale scale) {
    Experiment.ManyMoves moves = new Experiment.ManyMoves(scale == Scale.FULL ? 10 : 2);
    List<Target> targets = new ArrayList<>();
    for (Measure heap : List.of(Measure.SOURCE_HEAP, Measure.TARGET_HEAP)) {
      targets.add(
          new Target(
              "%s, at its most".formatted(heap.label()),
              new Worst(moves.caseName(), DROVER, heap),
              Bound.AT_MOST,
              256,
              "MiB"));
    }
    return new Experiment(
        "relay",
        "How much memory does an agent need for many migrations at once?",
        moves,
        List.of(
            Measure.SOURCE_HEAP,
            Measure.TARGET_HEAP,
            Measure.SOURCE_RESIDENT,
            Measure.TARGET_RESIDENT),
        targets,
        List.of(),
        List.of(
            bars("Heap of the source's agent", Measure.SOURCE_HEAP),
            bars("Heap of the target's agent", Measure.TARGET_HEAP)),
        RUNS);
  }

  private static Figure bars(String title, Measure measure) {
    return new Figure.Bars(title, measure.label(), measure.unit());
  }
}
