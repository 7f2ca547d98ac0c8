package io.drover.lab;

import io.drover.report.Series;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Samples what leaves a host on the migration link, ten times a second.
 *
 * <p>Threads: its own; {@link #points} after {@link #close}.
 */
final class LinkUse implements AutoCloseable {
  private static final Duration INTERVAL = Duration.ofMillis(100);

  private final Node host;
  private final long startedNanos = System.nanoTime();
  private final List<Series.Point> points = new ArrayList<>();
  private final Thread sampler;
  private volatile boolean ended;

  LinkUse(Node host) {
    this.host = host;
    this.sampler = Thread.ofPlatform().daemon().name("link-use").start(this::follow);
  }

  private void follow() {
    LinkCounters last = LinkCounters.ofMigrationLink(host);
    long lastNanos = System.nanoTime();
    while (!ended) {
      try {
        Thread.sleep(INTERVAL);
      } catch (InterruptedException ending) {
        // What was sent since the last look counts, too.
      }
      LinkCounters now = LinkCounters.ofMigrationLink(host);
      long nanos = System.nanoTime();
      double seconds = Math.max(1, nanos - lastNanos) / 1e9;
      points.add(
          new Series.Point(
              rounded((nanos - startedNanos) / 1e9, 1000),
              rounded(now.since(last).sentBytes() * 8 / 1e6 / seconds, 10)));
      last = now;
      lastNanos = nanos;
    }
  }

  private static double rounded(double value, double places) {
    return Math.rint(value * places) / places;
  }

  List<Series.Point> points() {
    return List.copyOf(points);
  }

  @Override
  public void close() {
    ended = true;
    sampler.interrupt();
    try {
      sampler.join();
    } catch (InterruptedException interruption) {
      throw Programs.interrupted(interruption);
    }
  }
}
