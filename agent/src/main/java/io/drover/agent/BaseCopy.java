package io.drover.agent;

import io.drover.migration.DiskProgress;
import io.drover.model.MemoryBudget;
import io.drover.qemu.DataRanges;
import io.drover.qemu.ReadableImage;
import io.drover.qemu.nbd.BlockDevice;
import io.drover.qemu.nbd.InFlight;
import io.drover.qemu.nbd.NbdServer;
import io.drover.qemu.nbd.RequestFlags;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Copies what disks are based on, once and ahead of them, to a device at the target. Nobody writes
 * to it, so that it needs no mirror.
 */
final class BaseCopy {
  private static final int PIECE_BYTES = NbdServer.PIECE_BYTES;
  private static final int AT_ONCE = 16;

  private final Opener base;
  private final BlockDevice target;
  private final Consumer<String> failed;
  private final AtomicLong remaining;
  private final InFlight pieces;
  private volatile Optional<String> failure = Optional.empty();
  private volatile long total;

  /** Opens the base to be read. */
  @FunctionalInterface
  interface Opener {
    ReadableImage open() throws IOException;
  }

  /**
   * @param expectedBytes to be copied, as far as is known before
   * @param memory for what is read and not yet at the target; for one piece at least it always has
   *     to have room
   * @param failed told once if it does not come to an end
   */
  BaseCopy(
      Opener base,
      BlockDevice target,
      long expectedBytes,
      MemoryBudget.Share memory,
      Consumer<String> failed) {
    this.base = base;
    this.target = target;
    this.failed = failed;
    this.pieces = new InFlight(AT_ONCE, memory);
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
      pieces.awaitNone();
      requireWell();
      target.flush();
      remaining.set(0);
    } catch (IOException | RuntimeException e) {
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
      requireWell();
      piece(device, at, begin((int) (next - at)));
      at = next;
    }
  }

  private ByteBuffer begin(int length) throws IOException {
    try {
      return pieces.begin(length);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private void piece(BlockDevice device, long offset, ByteBuffer bytes) {
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                device.read(offset, bytes);
                target.write(offset, bytes.flip(), RequestFlags.NONE);
                long _ = remaining.addAndGet(-bytes.capacity());
              } catch (IOException | RuntimeException e) {
                failure = Optional.of(String.valueOf(e.getMessage()));
              } finally {
                pieces.end(bytes);
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
