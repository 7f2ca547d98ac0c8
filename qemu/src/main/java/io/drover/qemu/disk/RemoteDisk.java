package io.drover.qemu.disk;

import io.drover.qemu.nbd.BlockDevice;
import io.drover.qemu.nbd.DeviceFeature;
import io.drover.qemu.nbd.Extent;
import io.drover.qemu.nbd.NbdError;
import io.drover.qemu.nbd.NbdErrorException;
import io.drover.qemu.nbd.RequestFlags;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The target's disk as the source's hypervisor mirrors to it: it takes changes only. A change is
 * done when the target has answered. While no connection stands changes wait; a new connection
 * carries all that have no answer again, in their order, which the target has no trouble with: they
 * do not overlap, and it has ended what came over the old one.
 */
public final class RemoteDisk implements BlockDevice {
  private final long size;
  private final AtomicLong nextId = new AtomicLong();
  private final AtomicLong contentBytes = new AtomicLong();
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Long, Waiting> waiting = new ConcurrentSkipListMap<>();
  private Optional<Session> session = Optional.empty();
  private Optional<String> failure = Optional.empty();

  /** A change and whoever waits for it. */
  private static final class Waiting {
    private final Change change;
    private final byte[] content;
    private final CountDownLatch answered = new CountDownLatch(1);
    private volatile int error;

    Waiting(Change change, byte[] content) {
      this.change = change;
      this.content = content;
    }

    void answer(int code) {
      error = code;
      answered.countDown();
    }
  }

  /** A disk without a connection. */
  public RemoteDisk(long size) {
    this.size = size;
  }

  /** One connection's worth of sending: what is queued for it and not yet sent. */
  public final class Session {
    private final BlockingQueue<Waiting> toSend;
    private volatile boolean over;

    private Session(BlockingQueue<Waiting> toSend) {
      this.toSend = toSend;
    }

    /** Sends changes until another session begins, the disk fails, or sending does. */
    public void send(ChangeStream stream) throws IOException, InterruptedException {
      while (!over) {
        Optional<Waiting> next = Optional.ofNullable(toSend.poll());
        if (next.isEmpty()) {
          stream.flush();
          next = Optional.of(toSend.take());
        }
        Waiting waiter = next.get();
        // Somebody who gave up waiting, or a word to wake up.
        if (waiter.answered.getCount() == 0) {
          continue;
        }
        stream.head(waiter.change.encode());
        if (waiter.content.length > 0) {
          stream.content(waiter.change.offset(), waiter.content);
          contentBytes.addAndGet(waiter.content.length);
        }
      }
    }

    /** Takes what the target answers, whole answers only. */
    public void answered(ByteBuffer answers) {
      while (answers.remaining() >= Answer.BYTES) {
        Answer answer = Answer.decode(answers);
        lock.lock();
        try {
          // Of a session that is over no answer counts: what had none by then is done once more,
          // and must not be overtaken by what comes after it. Nobody waits either where it was
          // given up.
          if (!over) {
            Optional.ofNullable(waiting.remove(answer.id()))
                .ifPresent(waiter -> waiter.answer(answer.error()));
          }
        } finally {
          lock.unlock();
        }
      }
    }

    /** Ends this session; what has no answer waits for the next one. */
    public void end() {
      over = true;
      toSend.clear();
      toSend.add(nothing());
    }
  }

  private static Waiting nothing() {
    Waiting wake =
        new Waiting(new Change(ChangeKind.FLUSH, RequestFlags.NONE, -1, 0, 0), new byte[0]);
    wake.answered.countDown();
    return wake;
  }

  /** Begins a session over a new connection; the one before it ends. */
  public Session begin() {
    lock.lock();
    try {
      session.ifPresent(Session::end);
      Session fresh = new Session(new LinkedBlockingQueue<>(waiting.values()));
      session = Optional.of(fresh);
      return fresh;
    } finally {
      lock.unlock();
    }
  }

  /** Nothing will be done any more: whoever waits, and whoever comes, is told so. */
  public void fail(String reason) {
    lock.lock();
    try {
      failure = Optional.of(reason);
      session.ifPresent(Session::end);
      waiting.values().forEach(waiter -> waiter.answer(NbdError.INPUT_OUTPUT.code()));
      waiting.clear();
    } finally {
      lock.unlock();
    }
  }

  /** Bytes of content that were given to connections, repetitions included. */
  public long contentBytes() {
    return contentBytes.get();
  }

  /** Changes without an answer. */
  public int unanswered() {
    return waiting.size();
  }

  private void change(ChangeKind kind, RequestFlags flags, long offset, long length, byte[] content)
      throws IOException {
    Waiting waiter =
        new Waiting(new Change(kind, flags, nextId.incrementAndGet(), offset, length), content);
    lock.lock();
    try {
      if (failure.isPresent()) {
        throw new NbdErrorException(NbdError.INPUT_OUTPUT, failure.get());
      }
      waiting.put(waiter.change.id(), waiter);
      session.ifPresent(open -> open.toSend.add(waiter));
    } finally {
      lock.unlock();
    }
    try {
      waiter.answered.await();
    } catch (InterruptedException e) {
      waiting.remove(waiter.change.id());
      waiter.answered.countDown();
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
    if (waiter.error != 0) {
      throw new NbdErrorException(
          NbdError.ofCode(waiter.error), "%s at %d failed at the target".formatted(kind, offset));
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Set<DeviceFeature> features() {
    return EnumSet.of(
        DeviceFeature.FLUSH,
        DeviceFeature.DURABLE_WRITES,
        DeviceFeature.TRIM,
        DeviceFeature.WRITE_ZEROES);
  }

  @Override
  public void read(long offset, ByteBuffer target) throws IOException {
    throw new NbdErrorException(NbdError.NOT_SUPPORTED, "a disk under way is not read from here");
  }

  @Override
  public void write(long offset, ByteBuffer data, RequestFlags flags) throws IOException {
    byte[] content = new byte[data.remaining()];
    data.get(content);
    if (isZero(content)) {
      change(ChangeKind.ZEROES, flags, offset, content.length, new byte[0]);
    } else {
      change(ChangeKind.WRITE, flags, offset, content.length, content);
    }
  }

  private static boolean isZero(byte[] bytes) {
    // The first byte is zero and each equals the one before it.
    return bytes[0] == 0
        && java.util.Arrays.equals(bytes, 0, bytes.length - 1, bytes, 1, bytes.length);
  }

  @Override
  public void writeZeroes(long offset, long length, RequestFlags flags) throws IOException {
    change(ChangeKind.ZEROES, flags, offset, length, new byte[0]);
  }

  @Override
  public void trim(long offset, long length, RequestFlags flags) throws IOException {
    change(ChangeKind.TRIM, flags, offset, length, new byte[0]);
  }

  @Override
  public void flush() throws IOException {
    change(ChangeKind.FLUSH, RequestFlags.NONE, 0, 0, new byte[0]);
  }

  @Override
  public List<Extent> allocation(long offset, long length) throws IOException {
    throw new NbdErrorException(NbdError.NOT_SUPPORTED, "a disk under way is not read from here");
  }
}
