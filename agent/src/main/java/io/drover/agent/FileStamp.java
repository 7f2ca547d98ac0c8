package io.drover.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * By what a file is taken for unchanged.
 *
 * @param modifiedNanos when it was last written to, since 1970
 * @param changedNanos when it was last changed in any way, since 1970
 */
record FileStamp(
    String path, long device, long inode, long size, long modifiedNanos, long changedNanos) {
  /** Clocks of file systems stand still for some milliseconds at a time, or for longer. */
  private static final Duration CLOCK_TICK = Duration.ofSeconds(1);

  static FileStamp of(Path file) throws IOException {
    Map<String, Object> attributes =
        Files.readAttributes(file, "unix:dev,ino,size,lastModifiedTime,ctime");
    return new FileStamp(
        file.toString(),
        (Long) Objects.requireNonNull(attributes.get("dev")),
        (Long) Objects.requireNonNull(attributes.get("ino")),
        (Long) Objects.requireNonNull(attributes.get("size")),
        nanos((FileTime) Objects.requireNonNull(attributes.get("lastModifiedTime"))),
        nanos((FileTime) Objects.requireNonNull(attributes.get("ctime"))));
  }

  private static long nanos(FileTime time) {
    return time.to(TimeUnit.NANOSECONDS);
  }

  /**
   * Whether a change after that moment would show. One in the same tick of the file system's clock
   * as the last would not.
   */
  boolean tellsOfChangesAfter(Instant moment) {
    Instant changed = Instant.EPOCH.plusNanos(Math.max(modifiedNanos, changedNanos));
    return changed.plus(CLOCK_TICK).isBefore(moment);
  }
}
