package io.drover.qemu.disk;

import io.drover.qemu.nbd.BlockDevice;
import io.drover.qemu.nbd.NbdError;
import io.drover.qemu.nbd.NbdErrorException;
import io.drover.qemu.nbd.RequestFlags;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;

/**
 * The target's end of a disk's channel: does what the source asks for, each change on a thread of
 * its own, and answers as they end. One thread gives it what comes from the peer.
 */
public final class DiskService {
  /** A source has no more than its hypervisor's requests under way: see {@code NbdLimits}. */
  private static final int MAX_CHANGES = 128;

  /** In steps, so that the smallest change counts as well. */
  private static final int STEP_BYTES = 64 << 10;

  private static final int MAX_STEPS = Change.MAX_WRITE_BYTES / STEP_BYTES;

  private final BlockDevice device;
  private final Answers answers;
  private final Semaphore changes = new Semaphore(MAX_CHANGES);
  private final Semaphore steps = new Semaphore(MAX_STEPS);
  private final ByteBuffer head = ByteBuffer.allocate(Change.BYTES);
  private Change change = NONE;
  private ByteBuffer content = ByteBuffer.allocate(0);

  private static final Change NONE = new Change(ChangeKind.FLUSH, RequestFlags.NONE, -1, 0, 0);

  /** Takes answers, from any thread. */
  @FunctionalInterface
  public interface Answers {
    void send(byte[] answer) throws IOException;
  }

  public DiskService(BlockDevice device, Answers answers) {
    this.device = device;
    this.answers = answers;
  }

  /** Takes what comes from the peer, in pieces of any size; waits while too much is under way. */
  public void received(byte[] bytes, int offset, int length) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(bytes, offset, length);
    while (in.hasRemaining()) {
      if (change.id() < 0) {
        fill(head, in);
        if (head.hasRemaining()) {
          return;
        }
        change = Change.decode(head.flip(), device.size());
        head.clear();
        if (change.id() < 0) {
          throw new IOException("the peer gave a change the number " + change.id());
        }
        begin();
      }
      fill(content, in);
      if (!content.hasRemaining()) {
        start();
      }
    }
  }

  private static void fill(ByteBuffer into, ByteBuffer from) {
    int count = Math.min(into.remaining(), from.remaining());
    into.put(from.slice(from.position(), count));
    from.position(from.position() + count);
  }

  private int carried() {
    return change.kind() == ChangeKind.WRITE ? (int) change.length() : 0;
  }

  private static int stepsOf(int bytes) {
    return (bytes + STEP_BYTES - 1) / STEP_BYTES;
  }

  private void begin() throws IOException {
    try {
      changes.acquire();
      steps.acquire(stepsOf(carried()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    content = ByteBuffer.allocate(carried());
  }

  private void start() {
    Change todo = change;
    ByteBuffer data = content.flip();
    int held = stepsOf(carried());
    change = NONE;
    content = ByteBuffer.allocate(0);
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                answers.send(new Answer(todo.id(), perform(todo, data)).encode());
              } catch (IOException e) {
                // The connection is over, and the source will ask again.
              } finally {
                steps.release(held);
                changes.release();
              }
            });
  }

  private int perform(Change todo, ByteBuffer data) {
    try {
      switch (todo.kind()) {
        case WRITE -> device.write(todo.offset(), data, todo.flags());
        case ZEROES -> device.writeZeroes(todo.offset(), todo.length(), todo.flags());
        case TRIM -> device.trim(todo.offset(), todo.length(), todo.flags());
        case FLUSH -> device.flush();
      }
      return 0;
    } catch (NbdErrorException e) {
      return e.error().code();
    } catch (IOException | RuntimeException e) {
      return NbdError.INPUT_OUTPUT.code();
    }
  }

  /**
   * Returns when nothing is under way any more; called when nothing comes from the peer any more.
   * What a source asks for again over another connection must not be overtaken by what came over
   * this one.
   */
  public void end() {
    if (change.id() >= 0) {
      steps.release(stepsOf(carried()));
      changes.release();
      change = NONE;
      content = ByteBuffer.allocate(0);
    }
    changes.acquireUninterruptibly(MAX_CHANGES);
    changes.release(MAX_CHANGES);
  }
}
