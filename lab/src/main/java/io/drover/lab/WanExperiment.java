package io.drover.lab;

import io.drover.lab.Experiment.Published;
import io.drover.lab.Experiments.Scale;
import io.drover.lab.Relocations.Relocation;
import io.drover.model.ByteRate;
import io.drover.report.Figure;
import io.drover.report.Verdict.Bound;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The published comparison of freezing and copying with moving live (numbers S2, "Live Wide-Area
 * Migration of Virtual Machines Including Local Persistent State", 2007), with today's tools. Only
 * what moves the guest differs: on either link it stays on one network with its client.
 */
final class WanExperiment {
  static final String LAN = "LAN";
  static final String WAN = "WAN";
  private static final int RUNS = 3;
  private static final int DISK_MEBIBYTES = 256;
  private static final int QUICK_DISK_MEBIBYTES = 16;
  private static final int DIFFERING_PERCENT = 10;
  private static final String SOURCE = "Live Wide-Area Migration of Virtual Machines, 2007, Tab. 2";

  private static final Relocation NEAR =
      new Relocation(LAN, LinkShape.ofRate(new ByteRate(125_000_000)));

  /** 20 Mbit/s, and 40 ms there and back. */
  private static final Relocation FAR =
      new Relocation(WAN, new LinkShape(Optional.of(new ByteRate(2_500_000)), 20, 0, 0));

  private WanExperiment() {}

  static Experiment of(Scale scale) {
    int mebibytes = scale == Scale.FULL ? DISK_MEBIBYTES : QUICK_DISK_MEBIBYTES;
    List<Target> targets = new ArrayList<>(targets(LAN, 0.5));
    targets.addAll(targets(WAN, 1.5));
    List<Published> published = new ArrayList<>();
    publish(published, "published scp", Carrier.SCP, LAN, 148.32, 148.32);
    publish(published, "published scp", Carrier.SCP, WAN, 4585, 4585);
    publish(published, "published rsync", Carrier.RSYNC, LAN, 228, 72);
    publish(published, "published rsync", Carrier.RSYNC, WAN, 2160, 279);
    publish(published, "published live", Carrier.MIRROR, LAN, 206.79, 3.12);
    publish(published, "published live", Carrier.MIRROR, WAN, 3777, 67.96);
    return new Experiment(
        "wan",
        "How does a whole guest, memory and disk, get to another site without shared storage, and"
            + " how long do its users notice?",
        new Relocations(
            new LikeDisk(0, mebibytes, DIFFERING_PERCENT),
            List.of(NEAR, FAR),
            List.of(Carrier.values())),
        List.of(
            Measure.TOTAL,
            Measure.DISRUPTION,
            Measure.LINK_BYTES,
            Measure.DISK_SPARED,
            Measure.SPARED,
            Measure.DOWNTIME),
        targets,
        published,
        List.of(
            bars("Total time", Measure.TOTAL),
            bars("Disruption", Measure.DISRUPTION),
            bars("Bytes on the link", Measure.LINK_BYTES)),
        RUNS);
  }

  private static List<Target> targets(String caseName, double disruptionSeconds) {
    String auto = Carrier.AGENTS.contender();
    List<Target> targets = new ArrayList<>();
    for (Carrier other : List.of(Carrier.RSYNC, Carrier.SCP)) {
      targets.add(
          new Target(
              "total time of auto over that of '%s', %s".formatted(other.contender(), caseName),
              Target.ratio(caseName, auto, other.contender(), Measure.TOTAL),
              Bound.AT_MOST,
              1,
              "x"));
    }
    targets.add(
        new Target(
            "disruption, at worst, auto, " + caseName,
            new Target.Worst(caseName, auto, Measure.DISRUPTION),
            Bound.AT_MOST,
            disruptionSeconds,
            "s"));
    return targets;
  }

  private static void publish(
      List<Published> all,
      String name,
      Carrier against,
      String caseName,
      double totalSeconds,
      double disruptionSeconds) {
    Optional<String> stock = Optional.of(against.contender());
    all.add(new Published(name, stock, caseName, Measure.TOTAL, totalSeconds, SOURCE));
    all.add(new Published(name, stock, caseName, Measure.DISRUPTION, disruptionSeconds, SOURCE));
  }

  private static Figure bars(String title, Measure measure) {
    return new Figure.Bars(title, measure.label(), measure.unit());
  }
}
