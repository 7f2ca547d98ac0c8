package io.drover.agent;

import io.drover.chunk.CheckpointWriter;
import io.drover.chunk.ChunkName;
import io.drover.chunk.exchange.ChunkWatch;
import io.drover.model.ByteSize;
import io.drover.model.GuestName;
import io.drover.model.MemoryBudget;
import io.drover.model.ProblemException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory of a guest that leaves, written while it passes. It is kept if the guest has left, and
 * was never there if the guest stays. Pages may be missing from it; none is wrong. Whatever touches
 * the disk, its beginning and its end too, is done on the queue's thread: a disk that hangs holds
 * that thread, and nobody else.
 */
final class Checkpoint implements ChunkWatch, PageQueue.Taker {
  private static final Logger LOG = LoggerFactory.getLogger(Checkpoint.class);

  /** What two files have in memory that is not written yet. */
  private static final long FILES_BYTES = 512 << 10;

  /** To tell by what is written already; enough for 200 MiB of memory that differs. */
  private static final long LEAST_SEEN_BYTES = 2 << 20;

  private static final long MOST_SEEN_BYTES = 8 << 20;
  private static final long SEEN_BYTES_EACH = 40;
  private static final int PAGE_BYTES = 4096;

  private final GuestName guest;
  private final Duration patience;
  private final Begin begin;
  private final MemoryBudget.Share memory;
  private final ByteSize seen;
  private final PageQueue queue;
  private volatile boolean wanted;
  private volatile boolean impossible;
  // The queue's thread's own.
  private Optional<CheckpointWriter> writer = Optional.empty();
  private long pages;
  private boolean full;

  /** Makes the files; may take its time. */
  @FunctionalInterface
  interface Begin {
    CheckpointWriter begin(ByteSize seen);
  }

  static long leastMemory() {
    return PageQueue.leastMemory() + FILES_BYTES + LEAST_SEEN_BYTES;
  }

  /**
   * Nothing is written yet.
   *
   * @param whole memory with {@link #leastMemory} at least; closed when the disk is through with it
   * @param patience with the disk at the end
   */
  Checkpoint(
      GuestName guest,
      ByteSize guestMemory,
      MemoryBudget.Share whole,
      AtomicInteger hanging,
      Duration patience,
      Begin begin) {
    this.guest = guest;
    this.patience = patience;
    this.begin = begin;
    this.memory = whole.part(FILES_BYTES + LEAST_SEEN_BYTES);
    this.seen = takeSeen(guestMemory);
    this.queue = new PageQueue("checkpoint-" + guest, whole, hanging, this);
  }

  private ByteSize takeSeen(ByteSize guestMemory) {
    if (!memory.tryTake(FILES_BYTES + LEAST_SEEN_BYTES)) {
      throw new IllegalStateException("there is no memory for a checkpoint");
    }
    long wanted = Math.min(MOST_SEEN_BYTES, guestMemory.bytes() / PAGE_BYTES * SEEN_BYTES_EACH);
    return new ByteSize(
        wanted > LEAST_SEEN_BYTES && memory.tryTake(wanted - LEAST_SEEN_BYTES)
            ? wanted
            : LEAST_SEEN_BYTES);
  }

  @Override
  public void named(ChunkName name, byte[] bytes, int offset) {
    if (!impossible) {
      queue.add(name, bytes, offset);
    }
  }

  @Override
  public void page(ChunkName name, byte[] bytes, int offset) {
    if (writer.isEmpty() && !impossible) {
      writer = begin();
    }
    if (writer.isPresent()) {
      switch (writer.get().add(name, bytes, offset)) {
        case ADDED -> pages++;
        case KNOWN -> {}
        case FULL -> full = true;
      }
    }
  }

  private Optional<CheckpointWriter> begin() {
    try {
      return Optional.of(begin.begin(seen));
    } catch (ProblemException e) {
      impossible = true;
      LOG.warn("guest={} leaves no checkpoint: {}", guest, e.problem());
      return Optional.empty();
    }
  }

  @Override
  public void end(PageQueue.End how) {
    try {
      writer.ifPresent(begun -> end(begun, how));
    } finally {
      memory.close();
    }
  }

  private void end(CheckpointWriter begun, PageQueue.End how) {
    if (!wanted || how == PageQueue.End.GIVEN_UP || queue.failure().isPresent()) {
      begun.close();
      return;
    }
    begun.finish();
    LOG.info(
        "guest={} left {} in a checkpoint{}",
        guest,
        new ByteSize(pages * PAGE_BYTES),
        full
            ? ", which is as much as there is room for"
            : queue.lost() > 0 ? ", %d pages less than passed".formatted(queue.lost()) : "");
  }

  /** The guest has left. */
  void keep() {
    wanted = true;
    switch (queue.finish(patience.toMillis())) {
      case IN_TIME ->
          queue
              .failure()
              .ifPresent(why -> LOG.warn("guest={} leaves no checkpoint: {}", guest, why));
      case GIVEN_UP -> LOG.warn("guest={} leaves no checkpoint: the disk is too slow", guest);
    }
  }

  /** The guest stays here, or its pages crossed without names. */
  void drop() {
    if (queue.finish(patience.toMillis()) == PageQueue.End.GIVEN_UP) {
      LOG.warn("guest={} its checkpoint is of no use, and goes once the disk is back", guest);
    }
  }
}
