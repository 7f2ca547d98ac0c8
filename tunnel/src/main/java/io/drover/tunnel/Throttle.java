package io.drover.tunnel;

import io.drover.model.ByteRate;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * A ceiling for what all channels of one migration send together; can be changed while they run.
 *
 * <p>Bulk waits for its turn, in slices of at most {@link #SLICE_MILLIS} so that nothing bursts for
 * long. Urgent pages never wait; what they take is taken from the bulk's next turns.
 */
public final class Throttle {
  static final int SLICE_MILLIS = 5;
  private static final int MIN_SLICE_BYTES = 1 << 10;

  private final LongSupplier nanoTime;
  private final ReentrantLock lock = new ReentrantLock(true);
  private final Condition changed = lock.newCondition();
  private volatile long bytesPerSecond; // 0: no ceiling
  // When everything let through so far would have been sent at the rate.
  private long paidUntilNanos;

  public Throttle(Optional<ByteRate> rate) {
    this(rate, System::nanoTime);
  }

  Throttle(Optional<ByteRate> rate, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    paidUntilNanos = nanoTime.getAsLong();
    change(rate);
  }

  /** Sets another ceiling, or none; those who wait notice at once. */
  public void change(Optional<ByteRate> rate) {
    lock.lock();
    try {
      bytesPerSecond = rate.map(ByteRate::bytesPerSecond).orElse(0L);
      paidUntilNanos = Math.min(paidUntilNanos, nanoTime.getAsLong());
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  public Optional<ByteRate> rate() {
    long rate = bytesPerSecond;
    return rate == 0 ? Optional.empty() : Optional.of(new ByteRate(rate));
  }

  /** How much to take at once, of {@code wanted} bytes. */
  public int slice(int wanted) {
    long rate = bytesPerSecond;
    return rate == 0
        ? wanted
        : (int) Math.min(wanted, Math.max(MIN_SLICE_BYTES, rate * SLICE_MILLIS / 1000));
  }

  /** Waits for the turn of {@code bytes} bytes of bulk. */
  public void await(int bytes) throws InterruptedException {
    if (bytesPerSecond == 0) {
      return;
    }
    lock.lockInterruptibly();
    try {
      while (bytesPerSecond != 0) {
        long ahead = paidUntilNanos - nanoTime.getAsLong();
        // Up to one slice ahead is fine: sleeping for less than that only costs wake-ups.
        if (ahead <= TimeUnit.MILLISECONDS.toNanos(SLICE_MILLIS)) {
          spend(bytes);
          return;
        }
        changed.awaitNanos(ahead);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Counts urgent bytes, without a wait. */
  void spendUrgently(int bytes) {
    if (bytesPerSecond == 0) {
      return;
    }
    lock.lock();
    try {
      spend(bytes);
    } finally {
      lock.unlock();
    }
  }

  private void spend(int bytes) {
    long rate = bytesPerSecond;
    if (rate != 0) {
      // What was not used in the past is not saved up.
      long from = Math.max(paidUntilNanos, nanoTime.getAsLong());
      paidUntilNanos = from + (long) (bytes * 1e9 / rate);
    }
  }
}
