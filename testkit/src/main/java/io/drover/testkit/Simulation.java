package io.drover.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * Virtual time and one queue of what is going to happen. Everything random comes from the seed, so
 * that a run can be repeated exactly.
 */
public final class Simulation {
  private static final int TRACE_LIMIT = 20_000;

  private final SplittableRandom random;
  private final PriorityQueue<Happening> queue = new PriorityQueue<>();
  private final List<String> trace = new ArrayList<>();
  private final Tracing tracing;
  private long nowMillis;
  private long sequence;

  /** Whether a run keeps the story it would tell; telling is slow. */
  public enum Tracing {
    ON,
    OFF
  }

  private record Happening(long atMillis, long sequence, Runnable action)
      implements Comparable<Happening> {
    @Override
    public int compareTo(Happening other) {
      int byTime = Long.compare(atMillis, other.atMillis);
      return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
    }
  }

  public Simulation(long seed, Tracing tracing) {
    this.random = new SplittableRandom(seed);
    this.tracing = tracing;
  }

  public long nowMillis() {
    return nowMillis;
  }

  public void after(long delayMillis, Runnable action) {
    at(nowMillis + delayMillis, action);
  }

  /** Things due at the same instant happen in the order in which they were asked for. */
  public void at(long atMillis, Runnable action) {
    queue.add(new Happening(Math.max(atMillis, nowMillis), sequence++, action));
  }

  /** Lets the next thing happen, unless it lies beyond {@code untilMillis}. */
  public boolean next(long untilMillis) {
    Happening head = queue.peek();
    if (head == null || head.atMillis > untilMillis) {
      return false;
    }
    queue.poll();
    nowMillis = head.atMillis;
    head.action.run();
    return true;
  }

  /** Evenly distributed, both ends included. */
  public long between(long low, long high) {
    return random.nextLong(low, high + 1);
  }

  public boolean chance(int percent) {
    return random.nextInt(100) < percent;
  }

  public void tell(Supplier<String> what) {
    if (tracing == Tracing.ON && trace.size() < TRACE_LIMIT) {
      trace.add("%8d ms  %s".formatted(nowMillis, what.get()));
    }
  }

  public List<String> trace() {
    return List.copyOf(trace);
  }
}
