package io.drover.agent;

import io.drover.chunk.CheckpointWriter;
import io.drover.chunk.ChunkName;
import io.drover.chunk.exchange.ChunkWatch;
import io.drover.model.ByteSize;
import io.drover.model.GuestName;
import io.drover.model.ProblemException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory of a guest that leaves, written while it passes. It is kept if the guest has left, and
 * was never there if the guest stays. Pages may be missing from it; none is wrong.
 */
final class Checkpoint implements ChunkWatch {
  private static final Logger LOG = LoggerFactory.getLogger(Checkpoint.class);
  private static final long PATIENCE_MILLIS = 30_000;

  private final GuestName guest;
  private final CheckpointWriter writer;
  private final PageQueue queue;
  private final AtomicLong pages = new AtomicLong();
  private volatile boolean full;

  Checkpoint(GuestName guest, CheckpointWriter writer) {
    this.guest = guest;
    this.writer = writer;
    this.queue = new PageQueue("checkpoint-" + guest, this::write);
  }

  @Override
  public void named(ChunkName name, byte[] bytes, int offset) {
    queue.add(name, bytes, offset);
  }

  private void write(ChunkName name, byte[] bytes, int offset) {
    switch (writer.add(name, bytes, offset)) {
      case ADDED -> {
        long _ = pages.incrementAndGet();
      }
      case KNOWN -> {}
      case FULL -> full = true;
    }
  }

  /** The guest has left. */
  void keep() {
    boolean written = queue.finish(PATIENCE_MILLIS);
    Optional<String> failure = queue.failure();
    try {
      if (!written || failure.isPresent()) {
        LOG.warn(
            "guest={} leaves no checkpoint: {}", guest, failure.orElse("the disk is too slow"));
        closeIf(written);
        return;
      }
      writer.finish();
      LOG.info(
          "guest={} left {} in a checkpoint{}",
          guest,
          new ByteSize(pages.get() * 4096),
          full
              ? ", which is as much as there is room for"
              : queue.lost() > 0 ? ", %d pages less than passed".formatted(queue.lost()) : "");
    } catch (ProblemException e) {
      LOG.warn("guest={} leaves no checkpoint: {}", guest, e.problem());
    }
  }

  /** The guest stays here, or its pages crossed without names. */
  void drop() {
    try {
      closeIf(queue.finish(PATIENCE_MILLIS));
    } catch (ProblemException e) {
      LOG.warn("guest={} an unfinished checkpoint stays until the next start: {}", guest, e);
    }
  }

  /** The writer belongs to the queue's thread for as long as that lives. */
  private void closeIf(boolean written) {
    if (written) {
      writer.close();
    }
  }
}
