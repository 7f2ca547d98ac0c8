package io.drover.migration;

/** A run of the guest's main memory, as the transfer counts it: whole pages. */
public record MemoryRange(long start, long bytes) {
  private static final long PAGE_BYTES = 4096;

  public MemoryRange {
    if (start < 0 || bytes <= 0 || start % PAGE_BYTES != 0 || bytes % PAGE_BYTES != 0) {
      throw new IllegalArgumentException("not a run of pages: " + bytes + " bytes at " + start);
    }
  }

  /** The part of what lies from {@code start} to {@code end} that is inside such a memory. */
  public static MemoryRange within(long memoryBytes, long start, long end) {
    long from = Math.max(0, start) / PAGE_BYTES * PAGE_BYTES;
    long to = Math.min(memoryBytes, end) / PAGE_BYTES * PAGE_BYTES;
    return new MemoryRange(from, to - from);
  }

  public long end() {
    return start + bytes;
  }
}
