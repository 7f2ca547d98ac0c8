package io.drover.agent;

import io.drover.chunk.ChunkName;
import io.drover.chunk.Grain;
import io.drover.model.ProblemException;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes pages from a thread that must not wait for a disk, and gives them to one of its own that
 * may. It is bounded: a disk that does not keep up for a moment costs a moment, one that does not
 * keep up at all costs pages, and never the migration.
 */
final class PageQueue {
  /** What is done with pages, on the queue's thread. */
  @FunctionalInterface
  interface Taker {
    void page(ChunkName name, byte[] bytes, int offset);
  }

  private static final Logger LOG = LoggerFactory.getLogger(PageQueue.class);
  private static final int PAGES = 64;
  private static final int BATCHES = 8;
  private static final long PATIENCE_MILLIS = 50;

  private final String name;
  private final Taker taker;
  private final ArrayBlockingQueue<Batch> full = new ArrayBlockingQueue<>(BATCHES);
  private final ArrayBlockingQueue<Batch> spare = new ArrayBlockingQueue<>(BATCHES);
  private final Thread thread;
  private Batch filling = new Batch();
  private boolean patient = true;
  private final AtomicLong lost = new AtomicLong();
  private volatile Optional<String> failure = Optional.empty();

  private static final class Batch {
    private final byte[] bytes = new byte[PAGES * Grain.PAGE.bytes()];
    private final ChunkName[] names = new ChunkName[PAGES];
    private int pages;
    private boolean last;
  }

  PageQueue(String name, Taker taker) {
    this.name = name;
    this.taker = taker;
    this.thread = Thread.ofPlatform().daemon().name("keep-" + name).start(this::take);
  }

  /** Takes a copy. */
  synchronized void add(ChunkName page, byte[] bytes, int offset) {
    if (failure.isPresent()) {
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
    boolean passed = false;
    try {
      passed =
          patient
              ? full.offer(filling, PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
              : full.offer(filling);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    patient = passed;
    if (!passed) {
      long _ = lost.addAndGet(filling.pages);
      filling.pages = 0;
      return;
    }
    Batch next = spare.poll();
    filling = next == null ? new Batch() : next;
    filling.pages = 0;
  }

  /** How many pages were not taken because the disk did not keep up. */
  long lost() {
    return lost.get();
  }

  /** Why nothing more is taken, if that is so. */
  Optional<String> failure() {
    return failure;
  }

  /** Gives what is left to the taker; returns when that is done, or after a while. */
  synchronized boolean finish(long patienceMillis) {
    filling.last = true;
    try {
      if (!full.offer(filling, patienceMillis, TimeUnit.MILLISECONDS)) {
        thread.interrupt();
        return false;
      }
      thread.join(patienceMillis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return !thread.isAlive();
  }

  private void take() {
    try {
      boolean last = false;
      while (!last) {
        Batch batch = full.take();
        for (int i = 0; i < batch.pages && failure.isEmpty(); i++) {
          give(batch, i);
        }
        last = batch.last;
        boolean _ = spare.offer(batch);
      }
    } catch (InterruptedException e) {
      failure = Optional.of("it was given up");
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
}
