package io.drover.lab;

import io.drover.linux.TapDevice;
import io.drover.model.ByteRate;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A switch between TAP devices with delay, rate, loss and reordering on the way in: what netem
 * does, for kernels that lack it.
 *
 * <p>Each port has a thread that reads frames and one that delivers them when they are due. The
 * rate works like a token bucket with {@link #BURST_BYTES} and a queue of {@link #QUEUE_TIME}: what
 * does not fit is dropped, so that TCP finds the rate. Without loss and reordering the kernel hands
 * over segments of up to 64 KiB, which is what makes a gigabit possible here; with them, it is one
 * frame at a time, because a lost segment would be 45 lost frames.
 */
final class LinkEngine {
  static final long BURST_BYTES = 1_000_000;
  static final Duration QUEUE_TIME = Duration.ofMillis(50);

  /** Beyond this a port holds no more frames, whatever the delay. */
  private static final long MAX_QUEUED_BYTES = 128L << 20;

  private static final int POLL_MILLIS = 100;

  private final List<Port> ports = new ArrayList<>();
  private final Map<Long, Port> addresses = new ConcurrentHashMap<>();
  private final RandomGenerator random;
  private volatile LinkShape shape = LinkShape.UNSHAPED;

  LinkEngine(List<TapDevice> devices, RandomGenerator random) {
    this.random = random;
    for (TapDevice device : devices) {
      ports.add(new Port(device));
    }
    shape(LinkShape.UNSHAPED);
  }

  void start() {
    for (Port port : ports) {
      // Reading blocks in native code, which would pin a virtual thread's carrier.
      Thread.ofPlatform().daemon().name("read-" + port.device.name()).start(port::read);
      Thread.ofPlatform().daemon().name("deliver-" + port.device.name()).start(port::deliver);
    }
  }

  void shape(LinkShape now) {
    boolean segments = now.lossPercent() == 0 && now.reorderPercent() == 0;
    for (Port port : ports) {
      port.device.offload(segments ? TapDevice.Offload.SEGMENTS : TapDevice.Offload.NONE);
    }
    shape = now;
  }

  void cut(String port) {
    port(port).cut = true;
  }

  void heal(String port) {
    port(port).cut = false;
  }

  private Port port(String name) {
    return ports.stream()
        .filter(port -> port.device.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no port " + name));
  }

  String stats() {
    StringBuilder text = new StringBuilder();
    for (Port port : ports) {
      text.append(
          "%s frames=%d bytes=%d dropped=%d "
              .formatted(
                  port.device.name(), port.frames.get(), port.bytes.get(), port.dropped.get()));
    }
    return text.toString().strip();
  }

  private record Frame(long dueNanos, long sequence, MemorySegment bytes)
      implements Comparable<Frame> {
    @Override
    public int compareTo(Frame other) {
      // nanoTime may wrap, so differences are compared.
      int byTime = Long.compare(dueNanos - other.dueNanos, 0);
      return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
    }
  }

  private final class Port {
    private final TapDevice device;
    private final PriorityBlockingQueue<Frame> queue = new PriorityBlockingQueue<>();
    private final AtomicLong queuedBytes = new AtomicLong();
    private final AtomicLong frames = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private volatile @Nullable Thread deliverer;
    private volatile boolean cut;
    private long wireFreeNanos = System.nanoTime();
    private long sequence;

    Port(TapDevice device) {
      this.device = device;
    }

    void read() {
      // A segment of its own for each thread: nothing is shared but the copies in the queue.
      MemorySegment buffer = Arena.ofAuto().allocate(TapDevice.MAX_FRAME_BYTES);
      while (true) {
        OptionalInt length = device.read(buffer, POLL_MILLIS);
        if (length.isPresent()) {
          arrived(buffer.asSlice(0, length.getAsInt()));
        }
      }
    }

    private void arrived(MemorySegment frame) {
      int payload = (int) frame.byteSize() - TapDevice.HEADER_BYTES;
      LinkShape current = shape;
      if (cut || payload < 14 || random.nextDouble() * 100 < current.lossPercent()) {
        dropped.incrementAndGet();
        return;
      }
      long now = System.nanoTime();
      long due = now;
      if (current.rate().isPresent()) {
        due = departure(now, payload, current.rate().get());
        if (due - now > QUEUE_TIME.toNanos()) {
          dropped.incrementAndGet();
          return;
        }
        wireFreeNanos = due;
        due = Math.max(now, due);
      }
      if (random.nextDouble() * 100 >= current.reorderPercent()) {
        due += Duration.ofMillis(current.delayMillis()).toNanos();
      }
      if (queuedBytes.addAndGet(frame.byteSize()) > MAX_QUEUED_BYTES) {
        queuedBytes.addAndGet(-frame.byteSize());
        dropped.incrementAndGet();
        return;
      }
      frames.incrementAndGet();
      bytes.addAndGet(payload);
      queue.add(new Frame(due, sequence++, copy(frame)));
      Thread waiting = deliverer;
      if (waiting != null) {
        LockSupport.unpark(waiting);
      }
    }

    private static MemorySegment copy(MemorySegment frame) {
      return MemorySegment.ofArray(frame.toArray(ValueLayout.JAVA_BYTE));
    }

    /** When the last bit has left, counted as if an idle wire had saved up a burst. */
    private long departure(long now, int payload, ByteRate rate) {
      double nanosPerByte = 1e9 / rate.bytesPerSecond();
      long credit = now - (long) (BURST_BYTES * nanosPerByte);
      return Math.max(wireFreeNanos, credit) + (long) (payload * nanosPerByte);
    }

    void deliver() {
      deliverer = Thread.currentThread();
      MemorySegment buffer = Arena.ofAuto().allocate(TapDevice.MAX_FRAME_BYTES);
      while (true) {
        Frame next = queue.peek();
        if (next == null) {
          LockSupport.parkNanos(Duration.ofMillis(POLL_MILLIS).toNanos());
          continue;
        }
        long wait = next.dueNanos() - System.nanoTime();
        if (wait > 0) {
          LockSupport.parkNanos(wait);
          continue; // something sooner may have come
        }
        next = queue.poll();
        if (next != null) {
          long size = next.bytes().byteSize();
          queuedBytes.addAndGet(-size);
          MemorySegment.copy(next.bytes(), 0, buffer, 0, size);
          forward(buffer.asSlice(0, size));
        }
      }
    }

    private void forward(MemorySegment frame) {
      long target = address(frame, TapDevice.HEADER_BYTES);
      addresses.put(address(frame, TapDevice.HEADER_BYTES + 6), this);
      Port known = addresses.get(target);
      for (Port port : known == null ? ports : List.of(known)) {
        if (port != this && !port.cut) {
          // A host whose interface is down takes no frames; that is its business.
          boolean ignored = port.device.write(frame);
        }
      }
    }

    private static long address(MemorySegment frame, long at) {
      long value = 0;
      for (int i = 0; i < 6; i++) {
        value = (value << 8) | (frame.get(ValueLayout.JAVA_BYTE, at + i) & 0xff);
      }
      return value;
    }
  }
}
