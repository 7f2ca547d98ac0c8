package io.drover.migration;

import io.drover.model.Mode;

/** When a running transfer goes over to post-copy; asked at every look at its progress. */
public final class SwitchPolicy {
  private static final long PAGE_BYTES = 4096;

  /** The most that post-copy sends ahead of its switch; see {@link #head}. */
  private static final long LONGEST_HEAD = 16L << 20;

  private SwitchPolicy() {}

  /**
   * How much post-copy sends before it switches. Memory is sent from its lower end, and loading the
   * devices' state at the target reads some of the first megabyte: without it the switch would wait
   * for pages. Little of it is rewritten, so little is sent twice.
   */
  private static long head(long residentBytes) {
    return Math.min(LONGEST_HEAD, residentBytes / 8);
  }

  /**
   * Whether to switch now.
   *
   * @param chosen the mode the migration took at its start
   * @param residentBytes what is to cross, as measured
   * @param requested the mode a person asked for: only {@code auto} may change its mind
   */
  public static boolean wantsPostCopy(
      Mode chosen, Mode requested, long residentBytes, TransferProgress progress) {
    return switch (chosen) {
      case POSTCOPY ->
          progress.passes() >= 2 || progress.normalPages() * PAGE_BYTES >= head(residentBytes);
      case HYBRID -> progress.passes() >= 2;
      // Chosen on a forecast that turned out wrong: the guest rewrites what was sent faster than
      // the link carries it, so further passes would send the same pages again and again.
      case PRECOPY ->
          requested == Mode.AUTO
              && (progress.passes() >= 6
                  || (progress.passes() >= 3
                      && progress.dirtyBytesPerSecond() > 0.7 * progress.bytesPerSecond()));
      case COLD, AUTO -> false;
    };
  }
}
