package io.drover.lab;

import io.drover.lab.Experiment.Case;
import io.drover.lab.Experiment.Contender;
import io.drover.lab.Experiment.Limit;
import io.drover.lab.Experiment.Published;
import io.drover.lab.Experiment.Round;
import io.drover.lab.Experiment.Stage;
import io.drover.model.Mode;
import io.drover.model.Transport;
import io.drover.report.Figure;
import io.drover.report.Verdict.Bound;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The published sweep over stressed memory and links (numbers S1 of "Experimental evaluation of
 * post-copy live migration in OpenStack using 10Gb/s interfaces", 2015), repeated with stock QEMU
 * and with Drover.
 */
final class ModesExperiment {
  static final String AUTO = "drover auto";
  static final String STOCK_HYBRID = "stock hybrid";
  static final String STOCK_PRECOPY = "stock pre-copy";
  static final String LINK_USE = "use of the link";

  private static final String PUBLISHED_HYBRID = "published hybrid";
  private static final String PUBLISHED_PRECOPY = "published pre-copy";
  private static final String SOURCE =
      "Post-copy live migration in OpenStack using 10Gb/s interfaces, 2015, ";
  private static final double ACCEPTED_OVER_IDEAL = 1.15;
  private static final double NOT_SLOWER = 1;

  /** The stress for which the article shows the link over time. */
  private static final int SHOWN_LEVEL = 2048;

  private static final Contender DROVER_AUTO =
      Contender.of(AUTO, Transport.TUNNEL, Mode.AUTO).against(STOCK_HYBRID);
  private static final Contender HYBRID = Contender.of(STOCK_HYBRID, Transport.NATIVE, Mode.HYBRID);
  private static final Contender PRECOPY =
      Contender.of(STOCK_PRECOPY, Transport.NATIVE, Mode.PRECOPY);
  private static final Contender DROVER_HYBRID =
      Contender.of("drover hybrid", Transport.TUNNEL, Mode.HYBRID).against(STOCK_HYBRID);
  private static final Contender DROVER_POSTCOPY =
      Contender.of("drover postcopy", Transport.TUNNEL, Mode.POSTCOPY).against(STOCK_HYBRID);
  private static final Contender DROVER_PRECOPY =
      Contender.of("drover pre-copy", Transport.TUNNEL, Mode.PRECOPY).against(STOCK_PRECOPY);

  /**
   * How much of it.
   *
   * @param levels stressed memory in MB, for each link
   * @param largestLimit up to where pre-copy's limit is looked for, in MB
   */
  record Extent(
      List<PublishedLink> links,
      List<Integer> levels,
      int largestLimit,
      int limitStep,
      int shownLevel) {
    static final Extent FULL =
        new Extent(
            List.of(PublishedLink.GIGABIT, PublishedLink.TEN_GIGABIT),
            List.of(0, 1024, 2048, 3072, 4096, 5120, 6144, 7168, 8192),
            1024,
            16,
            SHOWN_LEVEL);

    /** To see that it works: about a tenth. */
    static final Extent QUICK =
        new Extent(List.of(PublishedLink.GIGABIT), List.of(0, 256), 128, 64, 256);
  }

  private final Extent extent;
  private final List<Target> targets = new ArrayList<>();
  private final List<Published> published = new ArrayList<>();
  private final List<Figure> figures = new ArrayList<>();

  private ModesExperiment(Extent extent) {
    this.extent = extent;
  }

  static Experiment of(Extent extent) {
    return new ModesExperiment(extent).declare();
  }

  private Experiment declare() {
    for (PublishedLink link : extent.links()) {
      extent.levels().forEach(level -> compare(link, level));
    }
    figures();
    return new Experiment(
        "modes",
        "How long does a guest that keeps rewriting its memory take to move, and how long is it away?",
        new Experiment.Moves(stages()),
        List.of(
            Measure.TOTAL,
            Measure.CLIENT_GAP,
            Measure.LINK_BYTES,
            Measure.LINE_RATIO,
            Measure.LINK_RATE,
            Measure.CONVERGENCE,
            Measure.DOWNTIME,
            Measure.MEMORY_ERRORS),
        targets,
        published,
        figures,
        1);
  }

  /** What tells most comes first, so that an interrupted sweep is worth something. */
  private List<Stage> stages() {
    List<Stage> stages = new ArrayList<>();
    for (PublishedLink link : extent.links()) {
      stages.add(new Round(cases(link), List.of(DROVER_AUTO, HYBRID)));
    }
    for (PublishedLink link : extent.links()) {
      stages.add(
          new Round(cases(link), List.of(DROVER_POSTCOPY, DROVER_HYBRID, DROVER_PRECOPY, PRECOPY)));
      stages.add(limit(link));
    }
    return stages;
  }

  private List<Case> cases(PublishedLink link) {
    return extent.levels().stream().map(link::stressed).toList();
  }

  private Limit limit(PublishedLink link) {
    return new Limit(
        link.group(),
        link.shape(),
        extent.largestLimit(),
        extent.limitStep(),
        List.of(DROVER_PRECOPY, PRECOPY));
  }

  private void compare(PublishedLink link, int level) {
    String name = link.stressed(level).name();
    targets.add(
        new Target(
            "total time of auto over stock hybrid's, " + name,
            Target.ratio(name, AUTO, STOCK_HYBRID, Measure.TOTAL),
            Bound.AT_MOST,
            NOT_SLOWER,
            "x"));
    if (link.equals(PublishedLink.GIGABIT) && level > 0) {
      targets.add(
          new Target(
              "total time of auto over (non-zero memory ÷ line rate), " + name,
              new Target.Median(name, AUTO, Measure.LINE_RATIO),
              Bound.AT_MOST,
              ACCEPTED_OVER_IDEAL,
              "x"));
    }
    link.downtimeAt(level)
        .ifPresent(
            seconds -> {
              publish(name, Measure.CLIENT_GAP, seconds * 1000, "Tab. 2");
              targets.add(
                  new Target(
                      "longest silence of auto against the published downtime, " + name,
                      new Target.Worst(name, AUTO, Measure.CLIENT_GAP),
                      Bound.AT_MOST,
                      seconds * 1000,
                      "ms"));
            });
    link.secondsAt(level).ifPresent(seconds -> publish(name, Measure.TOTAL, seconds, "Tab. 1"));
  }

  private void publish(String caseName, Measure measure, double value, String where) {
    published.add(
        new Published(
            PUBLISHED_HYBRID, Optional.of(STOCK_HYBRID), caseName, measure, value, SOURCE + where));
  }

  private void figures() {
    String stressed = "stressed memory in MB";
    for (PublishedLink link : extent.links()) {
      curve("Total time", Measure.TOTAL, stressed, link.group());
    }
    for (PublishedLink link : extent.links()) {
      curve("Longest silence", Measure.CLIENT_GAP, stressed, link.group());
    }
    for (PublishedLink link : extent.links()) {
      curve("Bytes on the link", Measure.LINK_BYTES, stressed, link.group());
    }
    for (PublishedLink link : extent.links()) {
      Case shown = link.stressed(extent.shownLevel());
      figures.add(
          new Figure.Timeline(
              "Use of the link, " + shown.name(),
              LINK_USE,
              "Mbit/s",
              shown.name(),
              OptionalDouble.of(link.rate().megabitsPerSecond())));
    }
    for (PublishedLink link : extent.links()) {
      Limit limit = limit(link);
      curve("Pre-copy while it converges", Measure.TOTAL, stressed, limit.guest(0).group());
      published.add(
          new Published(
              PUBLISHED_PRECOPY,
              Optional.of(STOCK_PRECOPY),
              limit.caseName(),
              Measure.CONVERGENCE,
              link.precopyMebibytes(),
              SOURCE + "Fig. 1"));
    }
    figures.add(
        new Figure.Bars(
            "The most stress that pre-copy moves",
            Measure.CONVERGENCE.label(),
            Measure.CONVERGENCE.unit()));
  }

  private void curve(String title, Measure measure, String x, String group) {
    figures.add(new Figure.Curve(title + ", " + group, measure.label(), measure.unit(), x, group));
  }
}
