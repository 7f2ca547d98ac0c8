package io.drover.migration;

import java.time.Duration;
import java.util.List;

/**
 * How a guest's rewritten memory grows with time, fitted to what was measured: fast at first, then
 * flattening at the size of the set it works on.
 *
 * @param bytes the size of the set
 * @param bytesPerSecond how fast pages of it are first rewritten
 */
public record WorkingSet(double bytes, double bytesPerSecond) {

  /** Fits the curve {@code bytes × (1 − e^(−bytesPerSecond × t / bytes))}. */
  public static WorkingSet fit(DirtyMemory measured) {
    List<DirtyMemory.Sample> samples = measured.samples();
    if (samples.isEmpty()) {
      return new WorkingSet(measured.residentBytes(), Double.MAX_VALUE);
    }
    DirtyMemory.Sample last = samples.getLast();
    double resident = Math.max(measured.residentBytes(), last.bytes());
    double lastSeconds = seconds(last.window());
    // The sample nearest to half of the last window shows how much the curve has bent by then.
    DirtyMemory.Sample half = samples.getFirst();
    for (DirtyMemory.Sample sample : samples) {
      if (Math.abs(seconds(sample.window()) - lastSeconds / 2)
          < Math.abs(seconds(half.window()) - lastSeconds / 2)) {
        half = sample;
      }
    }
    if (half.equals(last) || half.bytes() == 0) {
      return new WorkingSet(resident, last.bytes() / lastSeconds);
    }
    double growth = (double) last.bytes() / half.bytes() - 1;
    if (growth >= 0.98) {
      return new WorkingSet(resident, last.bytes() / lastSeconds);
    }
    double bend = Math.max(growth, 0.01);
    double bytes = Math.min(resident, Math.max((double) last.bytes(), half.bytes() / (1 - bend)));
    DirtyMemory.Sample first = samples.getFirst();
    double fitted = -Math.log(bend) * bytes / seconds(half.window());
    return new WorkingSet(bytes, Math.max(fitted, first.bytes() / seconds(first.window())));
  }

  /** The distinct bytes rewritten within so many seconds. */
  public double rewrittenWithin(double seconds) {
    if (bytes <= 0) {
      return 0;
    }
    return bytes * (1 - Math.exp(-bytesPerSecond * seconds / bytes));
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }
}
