package io.drover.migration;

import io.drover.model.Mode;

/** When a running transfer goes over to post-copy; asked at every look at its progress. */
public final class SwitchPolicy {
  private SwitchPolicy() {}

  /**
   * Whether to switch now.
   *
   * @param chosen the mode the migration took at its start
   * @param requested the mode a person asked for: only {@code auto} may change its mind
   */
  public static boolean wantsPostCopy(Mode chosen, Mode requested, TransferProgress progress) {
    return switch (chosen) {
      case POSTCOPY -> true;
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
