package io.drover.qemu.nbd;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Room for the requests in flight, and their buffers: outside of the heap, so that sockets read and
 * write them without a copy; kept for the next request; and never more of them together, used or
 * kept, than the limit.
 */
final class InFlight implements AutoCloseable {
  private static final int SMALLEST_BYTES = 4096;

  /** One request's place. */
  static final class Slot {
    private final Optional<Block> block;
    private final ByteBuffer buffer;

    private Slot(Optional<Block> block, ByteBuffer buffer) {
      this.block = block;
      this.buffer = buffer;
    }

    /** As large as was asked for, at its beginning. */
    ByteBuffer buffer() {
      return buffer;
    }
  }

  private record Block(Arena arena, ByteBuffer whole) {}

  private static final Slot EMPTY = new Slot(Optional.empty(), ByteBuffer.allocateDirect(0));

  private final int maxRequests;
  private final long maxBytes;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Block> kept = new ArrayDeque<>(); // the latest first
  private int requests;
  private long usedBytes;
  private long keptBytes;

  InFlight(NbdLimits limits) {
    maxRequests = limits.requests();
    maxBytes = limits.bytes();
  }

  /** Waits until there is room for a request and its payload. */
  Slot begin(int payloadBytes) throws InterruptedException {
    int size = payloadBytes == 0 ? 0 : blockBytes(payloadBytes);
    lock.lockInterruptibly();
    try {
      while (requests == maxRequests || usedBytes + size > maxBytes) {
        changed.await();
      }
      if (size == 0) {
        requests++;
        return EMPTY;
      }
      Block block = block(size);
      requests++;
      usedBytes += size;
      return new Slot(Optional.of(block), block.whole().slice(0, payloadBytes));
    } finally {
      lock.unlock();
    }
  }

  private static int blockBytes(int payloadBytes) {
    int power = Integer.highestOneBit(payloadBytes);
    return Math.max(SMALLEST_BYTES, power == payloadBytes ? power : power << 1);
  }

  private Block block(int size) {
    for (Block block : kept) {
      if (block.whole().capacity() == size) {
        kept.remove(block);
        keptBytes -= size;
        return block;
      }
    }
    while (usedBytes + keptBytes + size > maxBytes) {
      Block oldest = kept.removeLast();
      keptBytes -= oldest.whole().capacity();
      oldest.arena().close();
    }
    Arena arena = Arena.ofShared();
    return new Block(arena, arena.allocate(size, SMALLEST_BYTES).asByteBuffer());
  }

  void end(Slot slot) {
    lock.lock();
    try {
      requests--;
      slot.block.ifPresent(
          block -> {
            usedBytes -= block.whole().capacity();
            keptBytes += block.whole().capacity();
            kept.addFirst(block);
          });
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void awaitNone() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (requests > 0) {
        changed.await();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Used and kept. */
  long bytes() {
    lock.lock();
    try {
      return usedBytes + keptBytes;
    } finally {
      lock.unlock();
    }
  }

  /** Gives all buffers back; nothing may be in flight. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (requests > 0) {
        throw new IllegalStateException(requests + " requests are in flight");
      }
      kept.forEach(block -> block.arena().close());
      kept.clear();
      keptBytes = 0;
    } finally {
      lock.unlock();
    }
  }
}
