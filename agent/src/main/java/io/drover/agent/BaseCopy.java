package io.drover.agent;

import io.drover.migration.DiskProgress;
import io.drover.qemu.DataRanges;
import io.drover.qemu.ReadableImage;
import io.drover.qemu.nbd.BlockDevice;
import io.drover.qemu.nbd.RequestFlags;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Copies what disks are based on, once and ahead of them, to a device at the target. Nobody writes
 * to it, so that it needs no mirror.
 */
final class BaseCopy {
  private static final int PIECE_BYTES = 1 << 20;
  private static final int AT_ONCE = 16;

  private final Opener base;
  private final BlockDevice target;
  private final Consumer<String> failed;
  private final AtomicLong remaining;
  private final Semaphore room = new Semaphore(AT_ONCE);
  private volatile Optional<String> failure = Optional.empty();
  private volatile long total;

  /** Opens the base to be read. */
  @FunctionalInterface
  interface Opener {
    ReadableImage open() throws IOException;
  }

  /**
   * @param expectedBytes to be copied, as far as is known before
   * @param failed told once if it does not come to an end
   */
  BaseCopy(Opener base, BlockDevice target, long expectedBytes, Consumer<String> failed) {
    this.base = base;
    this.target = target;
    this.failed = failed;
    // Never nothing: what is flushed at the end belongs to it.
    this.total = expectedBytes + 1;
    this.remaining = new AtomicLong(total);
  }

  /** Nothing remains once all of it is on the target's stable storage. */
  DiskProgress progress() {
    return new DiskProgress(total, Math.clamp(remaining.get(), 0, total));
  }

  void start(String name) {
    Thread.ofVirtual().name(name).start(this::run);
  }

  private void run() {
    try (ReadableImage open = base.open()) {
      BlockDevice device = open.device();
      if (device.size() != target.size()) {
        throw new IOException(
            "it has %d bytes, and was to have %d".formatted(device.size(), target.size()));
      }
      total = DataRanges.bytes(device) + 1;
      remaining.set(total);
      DataRanges.of(device, (offset, length) -> copy(device, offset, length));
      room.acquire(AT_ONCE);
      requireWell();
      target.flush();
      remaining.set(0);
    } catch (IOException e) {
      failed.accept(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void copy(BlockDevice device, long offset, long length) throws IOException {
    long end = offset + length;
    for (long at = offset; at < end; ) {
      // To multiples of a piece, so that blocks begin where names begin.
      long next = Math.min(end, (at / PIECE_BYTES + 1) * PIECE_BYTES);
      room.acquireUninterruptibly();
      requireWell();
      piece(device, at, (int) (next - at));
      at = next;
    }
  }

  private void piece(BlockDevice device, long offset, int length) {
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                ByteBuffer bytes = ByteBuffer.allocate(length);
                device.read(offset, bytes);
                target.write(offset, bytes.flip(), RequestFlags.NONE);
                long _ = remaining.addAndGet(-length);
              } catch (IOException e) {
                failure = Optional.of(String.valueOf(e.getMessage()));
              } finally {
                room.release();
              }
            });
  }

  private void requireWell() throws IOException {
    Optional<String> trouble = failure;
    if (trouble.isPresent()) {
      throw new IOException(trouble.get());
    }
  }
}
