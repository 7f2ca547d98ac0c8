package io.drover.lab;

import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.lab.Experiment.Published;
import io.drover.lab.Target.Bound;
import io.drover.lab.Target.Median;
import io.drover.lab.Target.Ratio;
import io.drover.lab.Target.Worst;
import io.drover.model.ByteRate;
import io.drover.model.Mode;
import io.drover.model.Problem;
import io.drover.model.Transport;
import java.util.ArrayList;
import java.util.List;

/** The experiments that there are. */
final class Experiments {
  private static final String DROVER = "drover";
  private static final String NATIVE = "native";
  private static final String NATIVE_TLS = "native-tls";
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

    private int of(int mebibytes) {
      return mebibytes / divisor;
    }
  }

  static List<Experiment> all(Scale scale) {
    return List.of(
        tunnel(scale), link(scale), downtime(scale), auto(scale), client(), relay(scale));
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

  private static Experiment tunnel(Scale scale) {
    String idle = "idle, 1 GiB touched";
    return new Experiment(
        "tunnel",
        "What does the tunnel cost on a link that is faster than the machine?",
        new Experiment.Moves(
            List.of(
                new Case(
                    idle, LinkShape.UNSHAPED, new Workload.Touched(scale.of(1024)), Mode.PRECOPY)),
            List.of(
                Contender.of(DROVER, Transport.TUNNEL),
                Contender.of(NATIVE, Transport.NATIVE),
                Contender.of(NATIVE_TLS, Transport.NATIVE_TLS))),
        List.of(Measure.THROUGHPUT, Measure.TOTAL, Measure.CLIENT_GAP, Measure.PROCESSOR),
        List.of(
            new Target(
                "throughput of the tunnel over QEMU's own TLS",
                ratio(idle, DROVER, NATIVE_TLS, Measure.THROUGHPUT),
                Bound.AT_LEAST,
                1.0),
            new Target(
                "stretch: throughput of the tunnel over plain TCP",
                ratio(idle, DROVER, NATIVE, Measure.THROUGHPUT),
                Bound.AT_LEAST,
                0.9)),
        List.of());
  }

  private static Experiment link(Scale scale) {
    List<Case> cases = new ArrayList<>();
    List<Target> targets = new ArrayList<>();
    for (Mode mode : List.of(Mode.PRECOPY, Mode.POSTCOPY, Mode.HYBRID, Mode.COLD)) {
      cases.add(new Case(mode.word(), GIGABIT, new Workload.Touched(scale.of(1024)), mode));
      targets.add(
          new Target(
              "rate on the link over native QEMU's, " + mode.word(),
              ratio(mode.word(), DROVER, NATIVE, Measure.LINK_RATE),
              Bound.AT_LEAST,
              0.97));
    }
    return new Experiment(
        "link",
        "Does the tunnel fill a link of 1 Gbit/s as QEMU itself does, in every mode?",
        new Experiment.Moves(
            cases,
            List.of(
                Contender.of(DROVER, Transport.TUNNEL), Contender.of(NATIVE, Transport.NATIVE))),
        List.of(Measure.LINK_RATE, Measure.TOTAL, Measure.LINK_BYTES, Measure.CLIENT_GAP),
        targets,
        List.of());
  }

  private static Experiment downtime(Scale scale) {
    String busy = "256 MB at 100 MB/s";
    String auto = "drover auto";
    String postCopy = "drover postcopy";
    return new Experiment(
        "downtime",
        "How long do the users of a busy guest wait, on 1 Gbit/s?",
        new Experiment.Moves(
            List.of(new Case(busy, GIGABIT, new Workload.Verified(scale.of(256), 100), Mode.AUTO)),
            List.of(
                Contender.of(auto, Transport.TUNNEL, Mode.AUTO),
                Contender.of(postCopy, Transport.TUNNEL, Mode.POSTCOPY),
                Contender.of("native hybrid", Transport.NATIVE, Mode.HYBRID))),
        List.of(Measure.CLIENT_GAP, Measure.DOWNTIME, Measure.TOTAL, Measure.MEMORY_ERRORS),
        List.of(
            new Target(
                "median silence, auto, in ms",
                new Median(busy, auto, Measure.CLIENT_GAP),
                Bound.AT_MOST,
                100),
            new Target(
                "longest silence, auto, in ms",
                new Worst(busy, auto, Measure.CLIENT_GAP),
                Bound.AT_MOST,
                250),
            new Target(
                "median silence, post-copy, in ms",
                new Median(busy, postCopy, Measure.CLIENT_GAP),
                Bound.AT_MOST,
                100),
            new Target(
                "longest silence, post-copy, in ms",
                new Worst(busy, postCopy, Measure.CLIENT_GAP),
                Bound.AT_MOST,
                250),
            new Target(
                "memory errors, auto",
                new Worst(busy, auto, Measure.MEMORY_ERRORS),
                Bound.AT_MOST,
                0),
            new Target(
                "memory errors, post-copy",
                new Worst(busy, postCopy, Measure.MEMORY_ERRORS),
                Bound.AT_MOST,
                0)),
        List.of());
  }

  private static Experiment auto(Scale scale) {
    String stressed = "2048 MB under stress";
    return new Experiment(
        "auto",
        "Does a guest that dirties all of its memory move in about one pass?",
        new Experiment.Moves(
            List.of(new Case(stressed, GIGABIT, new Workload.Stress(scale.of(2048)), Mode.AUTO)),
            List.of(
                Contender.of("drover auto", Transport.TUNNEL, Mode.AUTO),
                Contender.of("native hybrid", Transport.NATIVE, Mode.HYBRID))),
        List.of(Measure.LINE_RATIO, Measure.TOTAL, Measure.LINK_BYTES, Measure.CLIENT_GAP),
        List.of(
            new Target(
                "total time over (non-zero memory over line rate), auto",
                new Median(stressed, "drover auto", Measure.LINE_RATIO),
                Bound.AT_MOST,
                1.15)),
        List.of(
            new Published(
                stressed,
                Measure.TOTAL.label(),
                47_000,
                "hybrid live migration, 1 Gb/s, 2048 MB stressed")));
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
                400)),
        List.of());
  }

  private static Experiment relay(Scale scale) {
    Experiment.ManyMoves moves = new Experiment.ManyMoves(scale == Scale.FULL ? 10 : 2);
    List<Target> targets = new ArrayList<>();
    for (String host : List.of("alpha", "beta")) {
      targets.add(
          new Target(
              "heap of the agent of %s in MiB".formatted(host),
              new Worst(moves.caseName(), host, Measure.HEAP),
              Bound.AT_MOST,
              256));
    }
    return new Experiment(
        "relay",
        "How much memory does an agent need for many migrations at once?",
        moves,
        List.of(Measure.HEAP, Measure.RESIDENT),
        targets,
        List.of());
  }

  private static Ratio ratio(String caseName, String of, String to, Measure measure) {
    return new Ratio(new Median(caseName, of, measure), new Median(caseName, to, measure));
  }
}
