package io.drover.qemu.nbd;

import io.drover.model.MemoryBudget;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Room for the requests in flight, and the memory for what they carry. A buffer is made for each
 * and never used again, so that a device may keep what is in it.
 */
final class InFlight {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final int maxRequests;
  private final MemoryBudget.Share memory;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private int requests;

  InFlight(NbdLimits limits, MemoryBudget.Share memory) {
    maxRequests = limits.requests();
    this.memory = memory;
  }

  /**
   * Waits until there is room for a request and what it carries: where there is none others are in
   * flight, and their end makes some.
   */
  ByteBuffer begin(int bytes) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (requests == maxRequests || !memory.tryTake(bytes)) {
        changed.await();
      }
      requests++;
    } finally {
      lock.unlock();
    }
    return bytes == 0 ? NOTHING : ByteBuffer.allocate(bytes);
  }

  /** The request with this buffer has ended. */
  void end(ByteBuffer buffer) {
    lock.lock();
    try {
      requests--;
      memory.give(buffer.capacity());
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
}
