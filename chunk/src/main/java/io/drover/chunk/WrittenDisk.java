package io.drover.chunk;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A raw image that is being written on this host: what it is told is found where it lies, as long
 * as the index has room that nothing else wants. Nothing of it outlives the process. Any thread may
 * call; what a guest writes over meanwhile is noticed when it is looked up.
 */
public final class WrittenDisk implements AutoCloseable {
  private static final int TOLD_EACH = 1024;

  private final Holdings holdings;
  private final Source source;
  private final Grain grain;
  private final AtomicLong names = new AtomicLong();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean room = true;

  WrittenDisk(Holdings holdings, Source source) {
    this.holdings = holdings;
    this.source = source;
    this.grain = source.about().grain();
  }

  /** These bytes are in the file, at that offset. */
  public void written(long diskOffset, byte[] bytes, int offset, int length) {
    ChunkNamer namer = new ChunkNamer(grain);
    int at = (int) Math.floorMod(-diskOffset, (long) grain.bytes());
    while (room && !closed.get() && at + grain.bytes() <= length) {
      if (!namer.isZero(bytes, offset + at)) {
        long block = (diskOffset + at) / grain.bytes();
        room = holdings.offer(source, namer.hash(bytes, offset + at), block);
        if (names.incrementAndGet() % TOLD_EACH == 0) {
          source.renew(
              source.about(), new Source.Contents(source.contents().identity(), names.get(), 0));
        }
      }
      at += grain.bytes();
    }
  }

  /** Nothing of it is found any more. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      holdings.drop(source);
    }
  }
}
