package io.drover.lab;

import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.lab.Experiment.Round;
import io.drover.lab.Experiments.Scale;
import io.drover.model.Mode;
import io.drover.report.Figure;
import io.drover.report.Verdict.Bound;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/** What encryption and authentication cost, beside every stock way of having them. */
final class TunnelExperiment {
  static final String PRECOPY = "pre-copy, idle guest";
  static final String POSTCOPY = "post-copy, pages read at random";
  private static final String AT_ONCE = "migrations at once";
  private static final String DROVER = Contender.DROVER;
  private static final String NATIVE = "native";
  private static final String NATIVE_TLS = "native-tls";
  private static final String LIBVIRT = "libvirt";
  private static final int RUNS = 5;

  private TunnelExperiment() {}

  static Experiment of(Scale scale) {
    Contender drover = Contender.of(DROVER, Way.TUNNEL).against(NATIVE_TLS);
    Contender inTheClear = Contender.of(NATIVE, Way.NATIVE);
    List<Contender> all =
        List.of(
            drover,
            inTheClear,
            Contender.of(NATIVE_TLS, Way.NATIVE_TLS),
            Contender.of("stunnel", Way.STUNNEL),
            Contender.of("ssh", Way.SSH),
            Contender.of(LIBVIRT, Way.LIBVIRT),
            Contender.of("libvirt tunnelled", Way.LIBVIRT_TUNNELLED));
    List<Contender> faulting = new ArrayList<>(all);
    // The same as native, but that a script moves it; and then without the urgent connection.
    faulting.add(Contender.of("native, scripted", Way.PLAIN));
    faulting.add(Contender.of("native, no preempt", Way.PLAIN_WITHOUT_PREEMPT));
    List<Experiment.Stage> stages = new ArrayList<>();
    stages.add(
        new Round(
            List.of(
                new Case(
                    PRECOPY,
                    LinkShape.UNSHAPED,
                    new Workload.Touched(scale.of(1024)),
                    Mode.PRECOPY)),
            all));
    stages.add(
        new Round(
            List.of(
                new Case(
                    POSTCOPY,
                    LinkShape.UNSHAPED,
                    new Workload.Probed(scale.of(1024)),
                    Mode.POSTCOPY)),
            faulting));
    List<Case> crowds = new ArrayList<>();
    for (int guests : List.of(1, 2, 5)) {
      crowds.add(
          new Case(
              guests + " at once",
              AT_ONCE,
              OptionalDouble.of(guests),
              LinkShape.UNSHAPED,
              new Workload.Touched(scale.of(256)),
              Mode.PRECOPY,
              guests));
    }
    stages.add(new Round(crowds, List.of(drover, inTheClear)));
    return new Experiment(
        "tunnel",
        "What does the tunnel cost on a link that is faster than the machine?",
        new Experiment.Moves(stages),
        List.of(
            Measure.THROUGHPUT,
            Measure.TOTAL,
            Measure.CLIENT_GAP,
            Measure.SOURCE_PROCESSOR,
            Measure.TARGET_PROCESSOR,
            Measure.FAULT_MEDIAN,
            Measure.FAULT_P99,
            Measure.FAULTS),
        targets(),
        List.of(),
        List.of(
            bars("Throughput", Measure.THROUGHPUT),
            bars("Processor time at the source", Measure.SOURCE_PROCESSOR),
            bars("Processor time at the target", Measure.TARGET_PROCESSOR),
            bars("Longest silence", Measure.CLIENT_GAP),
            bars("Wait for a page, median", Measure.FAULT_MEDIAN),
            bars("Wait for a page, p99", Measure.FAULT_P99),
            new Figure.Curve(
                "Throughput of several migrations at once",
                Measure.THROUGHPUT.label(),
                Measure.THROUGHPUT.unit(),
                AT_ONCE,
                AT_ONCE)),
        RUNS);
  }

  private static List<Target> targets() {
    List<Target> targets = new ArrayList<>();
    for (String name : List.of(PRECOPY, POSTCOPY)) {
      targets.add(ratio("throughput over QEMU's own TLS, " + name, name, NATIVE_TLS, 1.0));
      targets.add(ratio("stretch: throughput over plain TCP, " + name, name, NATIVE, 0.9));
    }
    return targets;
  }

  private static Target ratio(String text, String caseName, String to, double limit) {
    return new Target(
        text, Target.ratio(caseName, DROVER, to, Measure.THROUGHPUT), Bound.AT_LEAST, limit, "x");
  }

  private static Figure bars(String title, Measure measure) {
    return new Figure.Bars(title, measure.label(), measure.unit());
  }
}
