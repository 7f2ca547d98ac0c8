package io.drover.lab;

import io.drover.lab.Experiment.Crossing;
import io.drover.lab.Experiment.Method;
import io.drover.lab.Experiment.Reach;
import io.drover.report.Figure;
import io.drover.report.Verdict.Bound;
import java.util.ArrayList;
import java.util.List;

/** What a guest's users outside notice of a move, in one subnet and across two. */
final class ContinuityExperiment {
  private static final int RUNS = 10;
  private static final double TOLERANCE_MILLIS = 50;

  /** The network where the guest arrives hears of it, and nothing else is done. */
  private static final Method ANNOUNCE =
      new Method("announce", Topology.GUEST_BRIDGE, "", Method.Filter.NONE);

  /** What still comes to the first host is passed on, and the guest's answers go back that way. */
  private static final Method REDIRECT = new Method("redirect", "vm0", "", Method.Filter.NONE);

  /** The same through a firewall that drops what it did not see from its beginning. */
  private static final Method FILTERED =
      new Method("redirect, strict firewall", "vm0", "", Method.Filter.STRICT);

  private ContinuityExperiment() {}

  static Experiment of() {
    Crossing near = new Crossing("one subnet", "alpha", "beta", List.of(ANNOUNCE, REDIRECT));
    Crossing far =
        new Crossing("across subnets", "alpha", "gamma", List.of(ANNOUNCE, REDIRECT, FILTERED));
    List<Target> targets = new ArrayList<>(targets(near, ANNOUNCE));
    targets.addAll(targets(near, REDIRECT));
    targets.addAll(targets(far, REDIRECT));
    targets.addAll(targets(far, FILTERED));
    targets.add(
        target(
            "forbidden packets let through, at worst, %s, %s"
                .formatted(far.name(), FILTERED.name()),
            far,
            FILTERED,
            Measure.FORBIDDEN,
            0));
    return new Experiment(
        "continuity",
        "What do a guest's users outside notice of a move, in one subnet and across two?",
        new Reach(List.of(near, far)),
        List.of(
            Measure.CUT_OFF,
            Measure.FORBIDDEN,
            Measure.DATAGRAM_EXCESS,
            Measure.CONNECTION_EXCESS,
            Measure.DOWNTIME,
            Measure.PING_GAP,
            Measure.UDP_GAP,
            Measure.SINK_GAP,
            Measure.TALK_GAP,
            Measure.DOWN_GAP,
            Measure.UP_GAP,
            Measure.IDLE_GAP,
            Measure.SHORT_GAP,
            Measure.WEB_GAP,
            Measure.TOTAL),
        targets,
        List.of(),
        List.of(
            bars("Clients cut off", Measure.CUT_OFF),
            bars("Longest silence, UDP", Measure.UDP_GAP),
            bars("Longest silence, TCP", Measure.TALK_GAP)),
        RUNS);
  }

  /** What a method has to keep to that claims to lose nobody. */
  private static List<Target> targets(Crossing trip, Method method) {
    String where = "%s, %s".formatted(trip.name(), method.name());
    return List.of(
        target("kinds of clients cut off, at worst, " + where, trip, method, Measure.CUT_OFF, 0),
        target(
            "silence of ping and UDP beyond the downtime, at worst, " + where,
            trip,
            method,
            Measure.DATAGRAM_EXCESS,
            TOLERANCE_MILLIS),
        target(
            "silence of TCP beyond the downtime and one time-out, at worst, " + where,
            trip,
            method,
            Measure.CONNECTION_EXCESS,
            TOLERANCE_MILLIS));
  }

  private static Target target(
      String text, Crossing trip, Method method, Measure measure, double limit) {
    return new Target(
        text,
        new Target.Worst(trip.name(), method.name(), measure),
        Bound.AT_MOST,
        limit,
        measure.yardstick().unit());
  }

  private static Figure bars(String title, Measure measure) {
    return new Figure.Bars(title, measure.label(), measure.yardstick().unit());
  }
}
