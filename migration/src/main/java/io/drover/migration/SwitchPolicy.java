package io.drover.migration;

import io.drover.model.Mode;
import java.util.List;

/** When a running transfer goes over to post-copy; asked at every look at its progress. */
public final class SwitchPolicy {
  private static final long PAGE_BYTES = 4096;

  private SwitchPolicy() {}

  /**
   * Whether to switch now.
   *
   * @param chosen the mode the migration took at its start
   * @param first the memory that post-copy sends ahead of its switch, asked for when {@code
   *     atAsking} was how far the transfer was
   * @param requested the mode a person asked for: only {@code auto} may change its mind
   */
  public static boolean wantsPostCopy(
      Mode chosen,
      Mode requested,
      List<MemoryRange> first,
      TransferProgress atAsking,
      TransferProgress progress) {
    return switch (chosen) {
      case POSTCOPY -> {
        long asked = first.stream().mapToLong(MemoryRange::bytes).sum() / PAGE_BYTES;
        yield progress.passes() >= 2 || pages(progress) - pages(atAsking) >= asked;
      }
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

  private static long pages(TransferProgress progress) {
    return progress.normalPages() + progress.zeroPages();
  }
}
