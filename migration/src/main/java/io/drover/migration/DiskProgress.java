package io.drover.migration;

/**
 * How far the disks are.
 *
 * @param totalBytes to be copied, as far as is known by now
 * @param remainingBytes of them
 */
public record DiskProgress(long totalBytes, long remainingBytes) {
  public static final DiskProgress NONE = new DiskProgress(0, 0);
}
