package io.drover.qemu;

import io.drover.migration.MemoryRange;
import io.drover.model.MemoryBudget;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Reads QEMU's outgoing stream as the relay passes it on, and keeps what it takes to rebuild a
 * target that dies after the device state has left and before the guest ran: everything up to the
 * end of the package of device state, but for the pages. A new target that is fed this and then
 * loses its connection says that it has received nothing, and the source, paused in post-copy,
 * sends all pages again.
 *
 * <p>It never alters the stream and never throws: at the first thing it does not understand, or
 * when there is too much to keep for the memory it has, it gives up and lets go of what it kept.
 * Reading ends with the package. One thread feeds it; any may ask.
 */
public final class StreamRecorder {
  private static final int MAX_REPLAY_BYTES = 16 << 20;

  private enum Progress {
    READING,
    COMPLETE,
    GAVE_UP
  }

  private final Consumer<MemoryRange> dropped;
  private final RamStream stream;
  private final KeptBytes kept;
  private boolean keeping = true;
  private boolean discardSeen;
  private long pages;
  private long zeros;

  private volatile Progress progress = Progress.READING;
  private volatile long pageRecords;
  private volatile long zeroRecords;

  /**
   * A recorder for one stream, from its first byte.
   *
   * @param dropped is told, just before the switch, what the target has to drop of the guest's main
   *     memory because the guest has written to it since it was sent, or because it was not sent
   * @param memory for what is kept, until it is closed
   */
  public StreamRecorder(Consumer<MemoryRange> dropped, MemoryBudget.Share memory) {
    this.dropped = dropped;
    this.kept = new KeptBytes(memory);
    this.stream = RamStream.of(new Keeper());
  }

  /** Takes note of bytes on their way from the source, in order, in pieces of any size. */
  public void forward(byte[] bytes, int offset, int length) {
    if (progress == Progress.READING) {
      stream.read(bytes, offset, length);
      pageRecords = pages;
      zeroRecords = zeros;
    }
  }

  /** The bytes that prepare a new target; there once the package has passed completely. */
  public Optional<byte[]> replay() {
    return packagePassed() ? Optional.of(kept.copy()) : Optional.empty();
  }

  /** Whether the device state has passed: from then on the stream is in post-copy. */
  public boolean packagePassed() {
    return progress == Progress.COMPLETE;
  }

  /** Whether the package may still come. */
  public boolean isReading() {
    return progress == Progress.READING;
  }

  /** Whole pages that passed before the package. */
  public long pageRecords() {
    return pageRecords;
  }

  /** Pages of zeros that passed before the package. */
  public long zeroRecords() {
    return zeroRecords;
  }

  int ramSection() {
    return stream.ramSection();
  }

  private void giveUp() {
    progress = Progress.GAVE_UP;
    kept.forget();
  }

  private void keep(byte[] bytes, int offset, int length) {
    if (kept.size() + length > MAX_REPLAY_BYTES || !kept.add(bytes, offset, length)) {
      giveUp();
    }
  }

  private final class Keeper implements RamStream.Listener {
    @Override
    public void begins(RamStream.Element element) {
      switch (element) {
        case HEADER, CONFIGURATION, SUBSECTION, RAM_START, COMMAND, PACKAGE -> keeping = true;
        case RAM_PART -> keeping = false;
        // The end of a pre-copy, or something unknown.
        case RAM_END, REST -> {
          if (progress == Progress.READING) {
            giveUp();
          }
        }
      }
    }

    @Override
    public void command(int code, byte[] payload, int offset, int length) {
      if (progress != Progress.READING || code != RamStream.COMMAND_DISCARD) {
        return;
      }
      // Where no page is replayed, none needs discarding. One such command has to be there, though:
      // QEMU makes up for its absence in a way that leaves it in the wrong state.
      keeping = !discardSeen;
      discardSeen = true;
      tellDropped(ByteBuffer.wrap(payload, offset, length).slice());
    }

    /**
     * A version, the block's name with its length before and a zero after it, and pairs of numbers.
     */
    private void tellDropped(ByteBuffer payload) {
      int nameBytes = payload.limit() > 1 ? Byte.toUnsignedInt(payload.get(1)) : 0;
      if (nameBytes + 3 > payload.limit()) {
        return;
      }
      byte[] name = new byte[nameBytes];
      payload.get(2, name);
      if (!new String(name, StandardCharsets.ISO_8859_1).equals(PageRequests.BLOCK)) {
        return;
      }
      for (int at = nameBytes + 3; at + 16 <= payload.limit(); at += 16) {
        long start = payload.getLong(at);
        long length = payload.getLong(at + 8);
        int pageBytes = stream.pageBytes();
        if (start >= 0 && length > 0 && start % pageBytes == 0 && length % pageBytes == 0) {
          dropped.accept(new MemoryRange(start, length));
        }
      }
    }

    @Override
    public void plain(byte[] bytes, int offset, int length) {
      if (keeping && progress == Progress.READING) {
        keep(bytes, offset, length);
      }
    }

    @Override
    public void body(byte[] bytes, int offset, int length, boolean last) {
      if (progress != Progress.READING) {
        return;
      }
      if (keeping) {
        // Pages in the section that only lists the memory: keeping them is not what was meant.
        giveUp();
      } else if (last) {
        pages++;
      }
    }

    @Override
    public void zeroPage() {
      if (progress == Progress.READING) {
        zeros++;
      }
    }

    @Override
    public void packageEnded() {
      if (progress == Progress.READING) {
        // QEMU sends a ping here too. Its answer shows that the target has the whole package.
        keep(StreamReplay.LAST_PING, 0, StreamReplay.LAST_PING.length);
        if (progress == Progress.READING) {
          progress = Progress.COMPLETE;
        }
      }
    }
  }
}
