package io.drover.migration;

import java.time.Duration;
import java.util.List;

/**
 * How much distinct memory a guest rewrites in windows of growing length: the curve flattens at the
 * size of its working set.
 *
 * @param residentBytes memory the guest has touched since it started, which is what must cross
 * @param method how it was measured, for the report
 */
public record DirtyMemory(long residentBytes, List<Sample> samples, String method) {
  /** {@code bytes} distinct bytes were rewritten within {@code window}. */
  public record Sample(Duration window, long bytes) {}

  public DirtyMemory {
    samples = List.copyOf(samples);
  }
}
