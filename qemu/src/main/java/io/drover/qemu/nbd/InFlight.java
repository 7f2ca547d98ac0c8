package io.drover.qemu.nbd;

import io.drover.model.MemoryBudget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Room for the requests in flight, and the memory for what they carry. A buffer is made for each
 * and never used again, so that a device may keep what is in it.
 */
public final class InFlight {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final int maxRequests;
  private final MemoryBudget.Share memory;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private int requests;

  /**
   * Nothing is in flight yet.
   *
   * @param memory for what requests carry; for one of them at least it always has to have room
   */
  public InFlight(int maxRequests, MemoryBudget.Share memory) {
    this.maxRequests = maxRequests;
    this.memory = memory;
  }

  /**
   * Waits until there is room for a request and what it carries: where there is none others are in
   * flight, and their end makes some.
   *
   * @throws IOException if none are, so that nothing would: the memory was given back
   */
  public ByteBuffer begin(int bytes) throws IOException, InterruptedException {
    lock.lockInterruptibly();
    try {
      while (requests == maxRequests || !memory.tryTake(bytes)) {
        if (requests == 0) {
          throw new IOException("there is no memory left for it");
        }
        changed.await();
      }
      requests++;
    } finally {
      lock.unlock();
    }
    return bytes == 0 ? NOTHING : ByteBuffer.allocate(bytes);
  }

  /** The request with this buffer has ended. */
  public void end(ByteBuffer buffer) {
    lock.lock();
    try {
      requests--;
      memory.give(buffer.capacity());
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  public void awaitNone() throws InterruptedException {
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
