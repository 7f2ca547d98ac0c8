package io.drover.tunnel;

import io.drover.model.ByteRate;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Measures a link with throw-away bytes through the port, as a migration's own would go.
 *
 * <p>The caller sends blocks; the other side tells how many bytes have come and when, by its own
 * clock. The rate is taken from the second half of the time: shapers let a first burst through, and
 * TCP starts slowly. What is on its way is kept to a few round trips' worth, since on a slow link
 * the queue would take seconds to drain after the last byte was sent.
 *
 * <p>Blocks: {@code 'P'} is answered with a report at once. {@code 'D'} and a 32-bit length
 * announce that many bytes, answered with reports as they come. Report: 64-bit count of data bytes
 * so far, 64-bit nanoseconds.
 */
final class LinkProbe {
  static final Duration ANSWER_LIMIT = Duration.ofSeconds(5);
  private static final byte PING = 'P';
  private static final byte DATA = 'D';
  private static final int PINGS = 4;
  private static final int BLOCK_BYTES = 16 << 10;
  private static final int BLOCKS_AT_ONCE = 8;
  private static final int REPORT_BYTES = 16;
  private static final long MAX_BYTES = 64L << 20;
  private static final long MIN_WINDOW_BYTES = 128 << 10;
  private static final long USUAL_NANOS = 250_000_000L;
  // A slow link needs longer until its second half holds enough reports to tell a rate.
  private static final long LONGEST_NANOS = 800_000_000L;
  private static final int ENOUGH_REPORTS = 24;
  // Shapers let a megabyte or so through at once.
  private static final long ENOUGH_BYTES = 3_000_000;
  private static final double CHANGE = 1.15;
  private static final long SILENCE_NANOS = 30_000_000L;
  private static final long REPORT_EVERY_NANOS = 500_000L;
  private static final long REPORT_EVERY_BYTES = MIN_WINDOW_BYTES / 2;

  private record Report(long bytes, long nanos) {}

  private final TlsChannel channel;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition reported = lock.newCondition();
  private final List<Report> reports = new ArrayList<>();
  private long reportedBytes;
  private long reportedAtNanos;
  private boolean readerEnded;
  private final byte[] readBuffer = new byte[REPORT_BYTES];

  private LinkProbe(TlsChannel channel) {
    this.channel = channel;
  }

  /** The side that answers: until the caller ends the connection. */
  static void answer(TlsChannel channel) throws IOException {
    channel.useBulkBuffers(Relay.BUFFER_BYTES);
    ByteBuffer in = ByteBuffer.allocate(Relay.BUFFER_BYTES);
    long total = 0;
    int left = 0;
    long lastReport = 0;
    long lastTotal = 0;
    while (channel.read(in) >= 0) {
      in.flip();
      boolean pinged = false;
      while (in.hasRemaining()) {
        if (left > 0) {
          int count = Math.min(left, in.remaining());
          in.position(in.position() + count);
          left -= count;
          total += count;
        } else if (in.get(in.position()) == PING) {
          in.get();
          pinged = true;
        } else if (in.get(in.position()) == DATA) {
          if (in.remaining() < 5) {
            break; // the rest of the length comes with the next read
          }
          in.get();
          left = in.getInt();
          if (left < 0 || left > BLOCK_BYTES || total > 2 * MAX_BYTES) {
            throw new IOException("a probe beyond its limits");
          }
        } else {
          throw new IOException("not a probe");
        }
      }
      in.compact();
      long now = System.nanoTime();
      // By bytes as well: else a window that arrives at once would never be reported.
      if (pinged
          || now - lastReport >= REPORT_EVERY_NANOS
          || total - lastTotal >= REPORT_EVERY_BYTES) {
        lastReport = now;
        lastTotal = total;
        channel.write(ByteBuffer.allocate(REPORT_BYTES).putLong(total).putLong(now).flip());
      }
    }
    channel.shutdownOutput();
  }

  /** The side that asks; the connection is used up afterwards. */
  static LinkSpeed measure(TlsChannel channel) throws IOException {
    return new LinkProbe(channel).measure();
  }

  private LinkSpeed measure() throws IOException {
    long roundTripNanos = Long.MAX_VALUE;
    for (int i = 0; i < PINGS; i++) {
      long start = System.nanoTime();
      channel.write(ByteBuffer.wrap(new byte[] {PING}));
      readReport();
      roundTripNanos = Math.min(roundTripNanos, System.nanoTime() - start);
    }
    channel.useBulkBuffers((BLOCKS_AT_ONCE + 1) * BLOCK_BYTES);
    Thread reader = Thread.ofVirtual().name("probe-reports").start(this::readReports);
    long sent;
    ByteRate rate;
    try {
      sent = send(roundTripNanos);
      rate = rate();
    } finally {
      channel.close(); // what is still on its way does not matter
      join(reader);
    }
    return new LinkSpeed(rate, Duration.ofNanos(roundTripNanos), sent);
  }

  private long send(long roundTripNanos) throws IOException {
    ByteBuffer blocks = ByteBuffer.allocate(BLOCKS_AT_ONCE * (5 + BLOCK_BYTES));
    byte[] noise = new byte[BLOCK_BYTES];
    new Random(1).nextBytes(noise); // incompressible; TLS hides that it repeats
    for (int i = 0; i < BLOCKS_AT_ONCE; i++) {
      blocks.put(DATA).putInt(BLOCK_BYTES).put(noise);
    }
    long start = System.nanoTime();
    long sent = 0;
    while (sent <= MAX_BYTES - BLOCKS_AT_ONCE * BLOCK_BYTES) {
      long elapsed = System.nanoTime() - start;
      int count;
      lock.lock();
      try {
        boolean enough =
            reports.size() >= ENOUGH_REPORTS
                && reportedBytes >= ENOUGH_BYTES
                && trend() == Trend.STEADY;
        if (elapsed > LONGEST_NANOS + roundTripNanos
            || (elapsed > USUAL_NANOS + roundTripNanos && enough)
            || readerEnded) {
          break;
        }
        long room = window(roundTripNanos) - (sent - reportedBytes);
        if (room < BLOCK_BYTES) {
          reported.awaitNanos(20_000_000L);
          continue;
        }
        count = (int) Math.min(BLOCKS_AT_ONCE, room / BLOCK_BYTES);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      } finally {
        lock.unlock();
      }
      channel.write(blocks.clear().limit(count * (5 + BLOCK_BYTES)));
      sent += (long) count * BLOCK_BYTES;
    }
    return sent;
  }

  /** Twice what the link was seen to carry in one round trip of late, and a little more. */
  private long window(long roundTripNanos) {
    int count = reports.size();
    if (count < 2) {
      return MIN_WINDOW_BYTES;
    }
    Report last = reports.getLast();
    int first = count - 2;
    while (first > 0
        && last.nanos() - reports.get(first).nanos() < 2 * roundTripNanos + 5_000_000L) {
      first--;
    }
    Report before = reports.get(first);
    // 2 ms more than the round trip: the far side may report only every half millisecond.
    return MIN_WINDOW_BYTES + (long) (2 * perNano(before, last) * (roundTripNanos + 2_000_000L));
  }

  private void readReports() {
    try {
      while (true) {
        Report report = readReport();
        lock.lock();
        try {
          reports.add(report);
          reportedBytes = report.bytes();
          reportedAtNanos = System.nanoTime();
          reported.signal();
        } finally {
          lock.unlock();
        }
      }
    } catch (IOException e) {
      lock.lock();
      try {
        readerEnded = true;
        reported.signal();
      } finally {
        lock.unlock();
      }
    }
  }

  private Report readReport() throws IOException {
    ByteBuffer report = ByteBuffer.wrap(readBuffer);
    while (report.hasRemaining()) {
      if (channel.read(report) < 0) {
        throw new EOFException("the far side ended the probe");
      }
    }
    report.flip();
    return new Report(report.getLong(), report.getLong());
  }

  /** How it went of late. */
  private enum Trend {
    STEADY,
    /** A machine that has just begun to do this, or TCP, may not be up to speed yet. */
    FASTER,
    /** A shaper may just have let a first burst through. */
    SLOWER
  }

  private Trend trend() {
    if (reports.size() < 4 * ENOUGH_REPORTS) {
      return Trend.STEADY; // too few to tell; a link this slow is not what anything waits for
    }
    Report end = end();
    Report middle = at(0.5, end);
    Report late = at(0.75, end);
    double before = perNano(middle, late);
    double now = perNano(late, end);
    if (now > CHANGE * before) {
      return Trend.FASTER;
    }
    return before > CHANGE * now ? Trend.SLOWER : Trend.STEADY;
  }

  /**
   * The last report, or what it would be now if nothing has come for a while: a shaper that drops
   * what does not fit keeps TCP silent once its burst is spent.
   */
  private Report end() {
    Report last = reports.getLast();
    long silent = System.nanoTime() - reportedAtNanos;
    return silent < SILENCE_NANOS ? last : new Report(last.bytes(), last.nanos() + silent);
  }

  private ByteRate rate() throws IOException {
    lock.lock();
    try {
      if (reports.size() < 2) {
        throw new IOException("nothing arrived in time");
      }
      Report end = end();
      // The last quarter alone tells of a speed that was reached late.
      Report from = at(trend() == Trend.FASTER ? 0.75 : 0.5, end);
      return new ByteRate((long) (perNano(from, end) * 1e9));
    } finally {
      lock.unlock();
    }
  }

  /** The last report but one at most of those that came within this share of the time. */
  private Report at(double share, Report end) {
    Report first = reports.getFirst();
    long nanos = first.nanos() + (long) ((end.nanos() - first.nanos()) * share);
    int found = 0;
    while (found + 2 < reports.size() && reports.get(found + 1).nanos() <= nanos) {
      found++;
    }
    return reports.get(found);
  }

  private static double perNano(Report from, Report to) {
    return (double) (to.bytes() - from.bytes()) / Math.max(1, to.nanos() - from.nanos());
  }

  private static void join(Thread thread) throws IOException {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
