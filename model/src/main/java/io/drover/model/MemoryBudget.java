package io.drover.model;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The memory that moves may take in this process, all together. Each part of a move has a share,
 * and of that a least amount is its own whatever the others do. What it takes above comes out of
 * what nobody was promised, as long as what it has so is no more than what is left there: many get
 * equal parts, and none gets all.
 *
 * <p>Nobody waits here for what others have. A share that is refused more has its least under way,
 * and asks again when some of that has ended: it depends on its own work alone, whoever comes and
 * goes, and whichever way the moves go.
 */
public final class MemoryBudget {
  private final long bytes;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  // What is the shares' own, and what they have taken above.
  private long promised;
  private long above;

  public MemoryBudget(ByteSize size) {
    bytes = size.bytes();
  }

  /** A share of a budget of its own that never ends, for where nothing has to be bounded. */
  public static Share boundless() {
    return new MemoryBudget(new ByteSize(Long.MAX_VALUE / 2)).carryOn(0);
  }

  /** Whether so much more could be promised. */
  public boolean hasRoomFor(long least) {
    lock.lock();
    try {
      return promised + least <= bytes;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Promises a newcomer so much, unless the others' own leaves too little. What they have above
   * their own is waited for; they get no more of it meanwhile.
   *
   * @param patience after which they keep it, and the newcomer is refused
   */
  public Optional<Share> admit(long least, Duration patience) {
    lock.lock();
    try {
      if (promised + least > bytes) {
        return Optional.empty();
      }
      promised += least;
      long left = patience.toNanos();
      while (promised + above > bytes && left > 0) {
        left = changed.awaitNanos(left);
      }
      if (promised + above <= bytes) {
        return Optional.of(new Share(least));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
    unpromise(least);
    return Optional.empty();
  }

  /** Promises so much in any case: for what began before, and cannot be refused any more. */
  public Share carryOn(long least) {
    lock.lock();
    try {
      promised += least;
      return new Share(least);
    } finally {
      lock.unlock();
    }
  }

  private void unpromise(long least) {
    lock.lock();
    try {
      promised -= least;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  public ByteSize size() {
    return new ByteSize(bytes);
  }

  /** What is promised, and what is taken above that. */
  public ByteSize inUse() {
    lock.lock();
    try {
      return new ByteSize(promised + above);
    } finally {
      lock.unlock();
    }
  }

  /** Holding the lock. */
  private long left() {
    return bytes - promised - above;
  }

  /** One user's part. Safe for use by many threads. */
  public final class Share implements AutoCloseable {
    private long least;
    private long used;
    private boolean closed;

    private Share(long least) {
      this.least = least;
    }

    /** Makes some of what is this share's own a share by itself. */
    public Share part(long partLeast) {
      lock.lock();
      try {
        if (closed || used > 0 || partLeast > least) {
          throw new IllegalStateException(
              "%d bytes of a share of %d, of which %d are in use"
                  .formatted(partLeast, least, used));
        }
        least -= partLeast;
        return new Share(partLeast);
      } finally {
        lock.unlock();
      }
    }

    /** Takes so much, if it may; up to the least it always may, until the share is closed. */
    public boolean tryTake(long more) {
      lock.lock();
      try {
        long aboveAfter = aboveOwn(used + more);
        long grows = aboveAfter - aboveOwn(used);
        if (closed || (grows > 0 && aboveAfter > left() - grows)) {
          return false;
        }
        above += grows;
        used += more;
        return true;
      } finally {
        lock.unlock();
      }
    }

    /** Gives so much back. */
    public void give(long back) {
      lock.lock();
      try {
        if (closed) {
          return; // it was all given back then
        }
        if (back > used) {
          throw new IllegalStateException("%d bytes of %d given back".formatted(back, used));
        }
        above -= aboveOwn(used) - aboveOwn(used - back);
        used -= back;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    /** Whether more than the least is in use. */
    public boolean isAboveLeast() {
      lock.lock();
      try {
        return used > least;
      } finally {
        lock.unlock();
      }
    }

    /** Whether more is in use than would be granted now: others have come. */
    public boolean isTooLarge() {
      lock.lock();
      try {
        return used > least && used - least > left();
      } finally {
        lock.unlock();
      }
    }

    private long aboveOwn(long inUse) {
      return Math.max(0, inUse - least);
    }

    /** Gives everything back, for good. */
    @Override
    public void close() {
      lock.lock();
      try {
        if (!closed) {
          closed = true;
          above -= aboveOwn(used);
          promised -= least;
          changed.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }
  }
}
