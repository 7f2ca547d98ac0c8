package io.drover.agent;

import io.drover.chunk.ChunkName;
import io.drover.chunk.Grain;
import io.drover.model.MemoryBudget;
import io.drover.model.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes pages from a thread that must not wait for a disk, and gives them to one of its own that
 * may. It is bounded: a disk that does not keep up for a moment costs a moment, one that does not
 * keep up at all costs pages, and never the migration. One that hangs is left to itself after a
 * while, with the little that is in hand; what is to be done at the end is done if it comes back.
 */
final class PageQueue {
  /** What is done with pages, on the queue's thread. */
  interface Taker {
    void page(ChunkName name, byte[] bytes, int offset);

    /** Nothing more comes; whether it was given up does not keep it from being called. */
    void end(End how);
  }

  /** How a queue ended. */
  enum End {
    /** All that was not lost was given to the taker. */
    IN_TIME,
    /** Nobody waits any more. */
    GIVEN_UP
  }

  private static final Logger LOG = LoggerFactory.getLogger(PageQueue.class);
  private static final int PAGES = 64;
  private static final int BATCHES = 10;
  private static final long BATCH_BYTES = PAGES * (Grain.PAGE.bytes() + 64L);
  private static final long PATIENCE_MILLIS = 50;
  private static final Batch LAST = new Batch(0);

  private final String name;
  private final Taker taker;
  private final MemoryBudget.Share memory;
  private final AtomicInteger hanging;
  private final ArrayBlockingQueue<Batch> full = new ArrayBlockingQueue<>(BATCHES + 1);
  private final ArrayBlockingQueue<Batch> spare = new ArrayBlockingQueue<>(BATCHES);
  private final Thread thread;
  private Batch filling;
  private int batches = 1;
  private boolean patient = true;
  private boolean finished;
  private final AtomicLong lost = new AtomicLong();
  private volatile Optional<String> failure = Optional.empty();
  // Together: an end that comes at the last moment is one in time.
  private final Object ending = new Object();
  private boolean ended;
  private volatile boolean givenUp;

  private static final class Batch {
    private final byte[] bytes;
    private final ChunkName[] names;
    private int pages;

    Batch(int room) {
      bytes = new byte[room * Grain.PAGE.bytes()];
      names = new ChunkName[room];
    }
  }

  /** One batch to be filled, and one that the disk has. */
  static long leastMemory() {
    return 2 * BATCH_BYTES;
  }

  /**
   * Empty.
   *
   * @param memory with {@link #leastMemory} at least; closed when the thread ends
   * @param hanging counts the queues that were given up and have not ended
   */
  PageQueue(String name, MemoryBudget.Share memory, AtomicInteger hanging, Taker taker) {
    this.name = name;
    this.taker = taker;
    this.memory = memory;
    this.hanging = hanging;
    if (!memory.tryTake(BATCH_BYTES)) {
      throw new IllegalStateException("there is no memory for the queue " + name);
    }
    this.filling = new Batch(PAGES);
    this.thread = Thread.ofPlatform().daemon().name("keep-" + name).start(this::run);
  }

  /** Takes a copy; of what comes after the end nothing. */
  synchronized void add(ChunkName page, byte[] bytes, int offset) {
    if (finished || failure.isPresent()) {
      return;
    }
    System.arraycopy(
        bytes, offset, filling.bytes, filling.pages * Grain.PAGE.bytes(), Grain.PAGE.bytes());
    filling.names[filling.pages++] = page;
    if (filling.pages == PAGES) {
      pass();
    }
  }

  private void pass() {
    Optional<Batch> next = next();
    patient = next.isPresent();
    if (next.isPresent()) {
      full.add(filling); // there is room for as many as there are
      filling = next.get();
    } else {
      long _ = lost.addAndGet(filling.pages);
    }
    filling.pages = 0;
  }

  private Optional<Batch> next() {
    Optional<Batch> next = Optional.ofNullable(spare.poll());
    if (next.isPresent()) {
      return next;
    }
    if (batches < BATCHES && memory.tryTake(BATCH_BYTES)) {
      batches++;
      return Optional.of(new Batch(PAGES));
    }
    try {
      return patient
          ? Optional.ofNullable(spare.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS))
          : Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /** How many pages were not taken because the disk did not keep up. */
  long lost() {
    return lost.get();
  }

  /** Why nothing more is taken, if that is so. */
  Optional<String> failure() {
    return failure;
  }

  /**
   * Gives what is left to the taker. Returns when the taker has ended as well, or gives it up after
   * a while, and answers which. To be called once.
   */
  End finish(long patienceMillis) {
    addLast();
    try {
      thread.join(patienceMillis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    synchronized (ending) {
      if (!ended && !givenUp) {
        givenUp = true;
        int _ = hanging.incrementAndGet();
      }
      if (!givenUp) {
        return End.IN_TIME;
      }
    }
    List<Batch> free = new ArrayList<>();
    full.drainTo(free);
    full.add(LAST); // for a thread that was about to look for more
    spare.drainTo(free);
    memory.give(free.stream().filter(batch -> batch != LAST).count() * BATCH_BYTES);
    return End.GIVEN_UP;
  }

  private synchronized void addLast() {
    finished = true;
    full.add(filling);
    full.add(LAST);
  }

  private void run() {
    try {
      take();
      end(givenUp ? End.GIVEN_UP : End.IN_TIME);
    } finally {
      synchronized (ending) {
        ended = true;
        if (givenUp) {
          int _ = hanging.decrementAndGet();
        }
      }
      memory.close();
    }
  }

  private void take() {
    try {
      for (Batch batch = full.take(); batch != LAST && !givenUp; batch = full.take()) {
        for (int i = 0; i < batch.pages && failure.isEmpty() && !givenUp; i++) {
          give(batch, i);
        }
        boolean _ = spare.offer(batch);
      }
    } catch (InterruptedException e) {
      failure = Optional.of("it was interrupted");
    }
  }

  private void give(Batch batch, int i) {
    try {
      taker.page(batch.names[i], batch.bytes, i * Grain.PAGE.bytes());
    } catch (ProblemException e) {
      failure = Optional.of(e.problem().message());
      LOG.warn("{} keeps no more pages: {}", name, e.problem());
    } catch (RuntimeException e) {
      failure = Optional.of(String.valueOf(e.getMessage()));
      LOG.error("{} keeps no more pages", name, e);
    }
  }

  private void end(End how) {
    try {
      taker.end(how);
    } catch (ProblemException e) {
      LOG.warn("{} did not end in order: {}", name, e.problem());
    } catch (RuntimeException e) {
      LOG.error("{} did not end in order", name, e);
    }
  }
}
