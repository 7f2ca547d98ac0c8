package io.drover.qemu.nbd;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ReadableByteChannel;
import java.util.concurrent.locks.ReentrantLock;

/** Whole reads by one thread, whole writes by any. {@link #close} ends what hangs in either. */
final class Connection implements Closeable {
  // For a buffer on the heap the JDK keeps one as large outside of it, for each thread.
  private static final int HEAP_PIECE_BYTES = 64 << 10;

  private final ReadableByteChannel in;
  private final GatheringByteChannel out;
  private final ReentrantLock writing = new ReentrantLock();

  Connection(ReadableByteChannel in, GatheringByteChannel out) {
    this.in = in;
    this.out = out;
  }

  /** Fills a buffer; its position is then its limit. */
  void read(ByteBuffer target) throws IOException {
    while (target.hasRemaining()) {
      readSome(target);
    }
  }

  private void readSome(ByteBuffer target) throws IOException {
    int limit = target.limit();
    if (!target.isDirect()) {
      target.limit(Math.min(limit, target.position() + HEAP_PIECE_BYTES));
    }
    int count = in.read(target);
    target.limit(limit);
    if (count < 0) {
      throw new EOFException("the peer closed the connection in the middle of a message");
    }
  }

  /** Fills a buffer, unless the peer ended between two messages. */
  boolean readUnlessEnded(ByteBuffer target) throws IOException {
    if (in.read(target) < 0) {
      return false;
    }
    read(target);
    return true;
  }

  void skip(long bytes) throws IOException {
    ByteBuffer scrap = ByteBuffer.allocate((int) Math.min(bytes, HEAP_PIECE_BYTES));
    for (long left = bytes; left > 0; left -= scrap.limit()) {
      scrap.clear().limit((int) Math.min(left, scrap.capacity()));
      read(scrap);
    }
  }

  /** Writes several buffers as one message. */
  void write(ByteBuffer... parts) throws IOException {
    writing.lock();
    try {
      if (gatherable(parts)) {
        while (remaining(parts)) {
          out.write(parts);
        }
      } else {
        for (ByteBuffer part : parts) {
          writePieces(part);
        }
      }
    } finally {
      writing.unlock();
    }
  }

  private static boolean gatherable(ByteBuffer... parts) {
    for (ByteBuffer part : parts) {
      if (!part.isDirect() && part.remaining() > HEAP_PIECE_BYTES) {
        return false;
      }
    }
    return true;
  }

  private static boolean remaining(ByteBuffer... parts) {
    for (ByteBuffer part : parts) {
      if (part.hasRemaining()) {
        return true;
      }
    }
    return false;
  }

  private void writePieces(ByteBuffer part) throws IOException {
    int limit = part.limit();
    while (part.position() < limit) {
      part.limit(Math.min(limit, part.position() + HEAP_PIECE_BYTES));
      while (part.hasRemaining()) {
        out.write(part);
      }
    }
    part.limit(limit);
  }

  @Override
  public void close() throws IOException {
    try (in;
        out) {
      // Both, whatever the first one says.
    }
  }
}
