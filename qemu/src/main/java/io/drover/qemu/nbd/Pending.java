package io.drover.qemu.nbd;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A client's request from the moment it is queued until it is answered. Its buffers are the
 * caller's, so the caller does not return while they are being sent or filled: one who is
 * interrupted at any other time leaves, and its answer goes nowhere.
 */
final class Pending {
  private final Request head;
  private final Command command;
  private final ByteBuffer payload;
  private final ByteBuffer target;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean sending;
  private boolean filling;
  private boolean answered;
  private boolean abandoned;
  private Optional<NbdErrorException> error = Optional.empty();
  private Optional<NbdDisconnectedException> broken = Optional.empty();
  private List<Extent> extents = List.of();
  // The reading thread's own.
  private long filledBytes;

  Pending(Request head, Command command, ByteBuffer payload, ByteBuffer target) {
    this.head = head;
    this.command = command;
    this.payload = payload;
    this.target = target;
  }

  Request head() {
    return head;
  }

  Command command() {
    return command;
  }

  ByteBuffer payload() {
    return payload;
  }

  ByteBuffer target() {
    return target;
  }

  /** Counts what has been filled of the target, in whatever order. */
  long filled(long more) {
    filledBytes += more;
    return filledBytes;
  }

  /** False if nobody waits for it any more: then it need not be sent. */
  boolean beginSending() {
    lock.lock();
    try {
      sending = !abandoned;
      return sending;
    } finally {
      lock.unlock();
    }
  }

  void endSending() {
    change(() -> sending = false);
  }

  /** False if nobody waits for it any more: then its bytes are to be thrown away. */
  boolean beginFilling() {
    lock.lock();
    try {
      filling = !abandoned;
      return filling;
    } finally {
      lock.unlock();
    }
  }

  void endFilling() {
    change(() -> filling = false);
  }

  /** The first of several errors counts. */
  void failed(NbdError why, String words) {
    change(
        () -> {
          if (error.isEmpty()) {
            String description = words.isBlank() ? why.words() : words;
            error =
                Optional.of(
                    new NbdErrorException(
                        why,
                        "%s of %d bytes at %d: %s"
                            .formatted(command, head.length(), head.offset(), description)));
          }
        });
  }

  boolean hasFailed() {
    lock.lock();
    try {
      return error.isPresent();
    } finally {
      lock.unlock();
    }
  }

  void extents(List<Extent> found) {
    change(() -> extents = List.copyOf(found));
  }

  void answered() {
    change(() -> answered = true);
  }

  void broken(NbdDisconnectedException why) {
    change(
        () -> {
          broken = Optional.of(why);
          answered = true;
        });
  }

  private void change(Runnable how) {
    lock.lock();
    try {
      how.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the answer; an error of the server's is thrown. */
  List<Extent> await() throws IOException {
    boolean interrupted = false;
    lock.lock();
    try {
      while (!answered || sending || filling) {
        try {
          changed.await();
        } catch (InterruptedException e) {
          interrupted = true;
        }
        if (interrupted && !sending && !filling && !answered) {
          abandoned = true;
          throw new InterruptedIOException("interrupted while the server worked at a " + command);
        }
      }
      if (broken.isPresent()) {
        NbdDisconnectedException why = broken.get();
        throw new NbdDisconnectedException(String.valueOf(why.getMessage()), why);
      }
      if (error.isPresent()) {
        throw error.get();
      }
      return extents;
    } finally {
      lock.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
