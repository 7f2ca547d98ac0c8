package io.drover.report;

import io.drover.report.Verdict.Bound;
import io.drover.report.Yardstick.Better;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;

/**
 * Results as an experiment leaves them: the published table as it is, and beside it numbers that
 * were made up around it with a seed.
 */
final class SampleResults {
  static final String SOURCE = "Post-copy live migration in OpenStack at 10 Gb/s, 2015, Tab. 1";

  private static final double[] STRESS = {0, 1024, 2048, 3072, 4096, 5120, 6144, 7168, 8192};
  private static final double[] TIME_10 = {8.3, 11.6, 14.9, 18.6, 22.1, 26.1, 29.9, 34.5, 40.5};
  private static final double[] TIME_1 = {11.9, 28.9, 47.0, 64.4, 81.3, 96.3, 116.4, 133.4, 151.8};
  private static final double[] DOWN_10 = {0.2, 0.2, 0.2, 0.2, 0.4, 0.4, 0.3, 0.4, 0.5};
  private static final double[] DOWN_1 = {0.3, 0.3, 0.3, 0.3, 0.3, 0.4, 0.4, 0.6, 0.6};

  private static final String TOTAL = "total time";
  private static final String DOWNTIME = "downtime";
  private static final String BYTES = "bytes moved";
  private static final String LINK = "use of the link";
  private static final String AUTO = "drover auto";
  private static final String HYBRID = "drover hybrid";
  private static final String PRECOPY = "drover pre-copy";
  private static final String STOCK_HYBRID = "stock hybrid";
  private static final String STOCK_PRECOPY = "stock pre-copy";
  private static final String PUBLISHED = "published hybrid";
  private static final String LIMIT = "line rate";

  private final Random random = new Random(1);
  private final List<CaseKey> cases = new ArrayList<>();
  private final List<Row> rows = new ArrayList<>();
  private final List<Row> published = new ArrayList<>();
  private final List<Series> series = new ArrayList<>();

  private SampleResults() {}

  /** A whole sweep over both links, with every kind of figure. */
  static Results sweep() {
    return new SampleResults().make();
  }

  private Results make() {
    link("1 Gbit/s", 0.99, TIME_1, DOWN_1);
    link("10 Gbit/s", 7.5, TIME_10, DOWN_10);
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("date", "2026-11-21T11:00:00Z");
    environment.put("kernel", "6.1.0-40-amd64");
    environment.put("processors", "2");
    environment.put("memory", "24576000 kB");
    environment.put("accelerator", "tcg (no /dev/kvm)");
    environment.put("link", "1 and 10 Gbit/s, shaped");
    environment.put("qemu", "QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2~bpo12+1)");
    return new Results(
        "modes",
        "How long does a guest under stress take to move, and how long is it away?",
        "drover bench modes --runs 5",
        List.of(),
        environment,
        List.of(
            ContenderKey.published(PUBLISHED, STOCK_HYBRID),
            ContenderKey.stock(STOCK_HYBRID),
            ContenderKey.stock(STOCK_PRECOPY),
            ContenderKey.drover(AUTO, STOCK_HYBRID),
            ContenderKey.drover(HYBRID, STOCK_HYBRID),
            ContenderKey.drover(PRECOPY, STOCK_PRECOPY),
            ContenderKey.limit(LIMIT)),
        cases,
        List.of(
            new Yardstick(TOTAL, "s", Better.LOWER),
            new Yardstick(DOWNTIME, "ms", Better.LOWER),
            new Yardstick(BYTES, "MB", Better.LOWER)),
        rows,
        published,
        List.of(
            Verdict.of(
                "total time of auto over stock hybrid, the worst case",
                1,
                Bound.AT_MOST,
                OptionalDouble.of(1.04),
                "x"),
            Verdict.of(
                "total time of auto over the limit at 1 Gbit/s, 8192 MB",
                1.15,
                Bound.AT_MOST,
                OptionalDouble.of(1.08),
                "x"),
            Verdict.of(
                "use of the link with two migrations at once",
                0.97,
                Bound.AT_LEAST,
                OptionalDouble.empty(),
                "x")),
        List.of(
            new Absence(
                STOCK_PRECOPY,
                Optional.of("10 Gbit/s, 8192 MB"),
                "It does not converge: 8192 MB are rewritten faster than 7.5 Gbit/s."),
            new Absence(
                PRECOPY, Optional.empty(), "Switched off with --contenders for this sample.")),
        List.of(
            new Failure(
                STOCK_HYBRID, "10 Gbit/s, 4096 MB", 3, "QEMU ended with signal 6 (see qemu.log).")),
        series,
        List.of(
            new Figure.Curve("Total time, 1 Gbit/s", TOTAL, "s", "stressed memory, MB", "1 Gbit/s"),
            new Figure.Curve(
                "Total time, 10 Gbit/s", TOTAL, "s", "stressed memory, MB", "10 Gbit/s"),
            new Figure.Bars("Downtime", DOWNTIME, "ms"),
            new Figure.Distribution(
                "Downtime at 1 Gbit/s, 2048 MB", DOWNTIME, "ms", "1 Gbit/s, 2048 MB"),
            new Figure.Timeline(
                "Use of the link at 1 Gbit/s, 2048 MB",
                LINK,
                "Mbit/s",
                "1 Gbit/s, 2048 MB",
                OptionalDouble.of(990))));
  }

  private void link(String group, double gigabits, double[] time, double[] downtime) {
    for (int i = 0; i < STRESS.length; i++) {
      String name = "%s, %d MB".formatted(group, (int) STRESS[i]);
      cases.add(CaseKey.at(name, group, STRESS[i]));
      published.add(Row.published(PUBLISHED, name, TOTAL, "s", time[i], SOURCE));
      published.add(Row.published(PUBLISHED, name, DOWNTIME, "ms", downtime[i] * 1000, SOURCE));
      double limit = (STRESS[i] + 180) * 8.389e-3 / gigabits;
      rows.add(Row.of(LIMIT, name, TOTAL, "s", List.of(limit)));
      move(STOCK_HYBRID, name, limit * 1.75 + 0.9, 230, 2 * STRESS[i] + 420);
      move(AUTO, name, limit * 1.07 + 1.3, 62, STRESS[i] + 240);
      move(HYBRID, name, limit * 1.7 + 1.1, 110, 1.9 * STRESS[i] + 420);
      if (STRESS[i] == 0) {
        move(STOCK_PRECOPY, name, limit + 1.4, 290, 300);
      }
    }
    String shown = "%s, 2048 MB".formatted(group);
    wave(AUTO, shown, gigabits, 21);
    wave(STOCK_HYBRID, shown, gigabits, 34);
  }

  private void move(String contender, String where, double seconds, double gap, double megabytes) {
    List<Double> times = new ArrayList<>();
    List<Double> gaps = new ArrayList<>();
    List<Double> moved = new ArrayList<>();
    for (int run = 0; run < 5; run++) {
      times.add(around(seconds, 0.03));
      gaps.add(around(gap, 0.3));
      moved.add(around(megabytes, 0.01));
    }
    rows.add(Row.of(contender, where, TOTAL, "s", times));
    rows.add(Row.of(contender, where, DOWNTIME, "ms", gaps));
    rows.add(Row.of(contender, where, BYTES, "MB", moved));
  }

  private double around(double value, double part) {
    return Math.round(value * (1 + part * random.nextGaussian()) * 1000) / 1000.0;
  }

  private void wave(String contender, String where, double gigabits, int seconds) {
    List<Series.Point> points = new ArrayList<>();
    for (double at = 0; at <= seconds; at += 0.5) {
      double share = at < 1 ? at : at > seconds - 1 ? Math.max(0, seconds - at) : 1;
      points.add(new Series.Point(at, Math.max(0, around(gigabits * 960 * share, 0.02))));
    }
    series.add(new Series(contender, where, 1, LINK, "Mbit/s", points));
  }

  /** Nothing was measured yet, nothing will be drawn. */
  static Results nothing() {
    return new Results(
        "modes",
        "Does it work?",
        "drover bench modes",
        List.of(),
        Map.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of());
  }
}
