package io.drover.chunk.exchange;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import java.util.function.LongSupplier;

/**
 * Compresses for one thread, as hard as the time allows that it would wait for the link anyway. On
 * a fast link, or a busy machine, that is not at all. What does not get shorter is tried only now
 * and then.
 *
 * <p>Where the link is thin a thread waits for it without noticing: what it is given next depends
 * on what has arrived. So there a part of the time in which there was nothing to do counts as well,
 * and only a part, since others may need the processors then.
 */
final class Packer implements AutoCloseable {
  private static final int HARDEST = 6;
  private static final int WINDOW = 16;
  // What packing at the first level takes of a byte, about.
  private static final double FIRST_LEVEL_NANOS = 4;
  // No level takes that long; then others need the processors.
  private static final double STARVED_NANOS = 80;
  private static final int TRIED_OF = 16;
  private static final double IDLE_PART = 0.2;

  private final ZstdCompressCtx context = new ZstdCompressCtx();
  private final LongSupplier nanoClock;
  private final double idlePart;
  private long doneAtNanos;
  private int level;
  private int batches;
  private long packNanos;
  private double waitNanos;
  private long bytes;
  private boolean fruitless;
  private int untried;

  Packer(Compression compression, LongSupplier nanoClock) {
    this.idlePart = compression == Compression.ZSTD_WHEN_IDLE_TOO ? IDLE_PART : 0;
    this.nanoClock = nanoClock;
    this.doneAtNanos = nanoClock.getAsLong();
  }

  static int bound(int length) {
    return Math.toIntExact(Zstd.compressBound(length));
  }

  /** Answers how long it has become, or {@code length} if that is not shorter. */
  int pack(byte[] from, int offset, int length, byte[] into, int at) {
    bytes += length;
    waitNanos += idlePart * (nanoClock.getAsLong() - doneAtNanos);
    if (level == 0 || (fruitless && ++untried % TRIED_OF != 0)) {
      return length;
    }
    long began = nanoClock.getAsLong();
    int packed = context.compressByteArray(into, at, into.length - at, from, offset, length);
    packNanos += nanoClock.getAsLong() - began;
    fruitless = packed > length - length / 16;
    return fruitless ? length : packed;
  }

  /** Writing took that long. */
  void waited(long nanos) {
    doneAtNanos = nanoClock.getAsLong();
    waitNanos += nanos;
    if (++batches < WINDOW) {
      return;
    }
    int before = level;
    if (level == 0) {
      level = waitNanos > 3 * FIRST_LEVEL_NANOS * bytes ? 1 : 0;
    } else if (waitNanos < packNanos / 2.0 || packNanos > STARVED_NANOS * bytes) {
      level--;
    } else if (waitNanos > 3 * packNanos) {
      level = Math.min(HARDEST, level + 1);
    }
    if (level != before && level > 0) {
      ZstdCompressCtx _ = context.setLevel(level);
    }
    batches = 0;
    packNanos = 0;
    waitNanos = 0;
    bytes = 0;
  }

  @Override
  public void close() {
    context.close();
  }
}
