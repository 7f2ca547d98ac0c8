package io.drover.tunnel;

import io.drover.model.ByteRate;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries one channel between a hypervisor's socket and the peer, both ways, until both ways have
 * ended.
 *
 * <p>An end of one direction is passed on and the other direction goes on, for as long as it moves.
 * A hypervisor never leaves one direction open for long, though: if the other direction then stands
 * still, the process behind it is taken for dead. A break anywhere closes both directions of both
 * legs, because a hypervisor that only loses its return path goes on writing for ever.
 *
 * <p>The two pumps are platform threads: on the bulk path they cost a fifth less processor time
 * than virtual ones, and a page request does not wait for a carrier. Buffers are bounded, {@link
 * #BUFFER_BYTES} for the plain bytes of a direction and a little more for its sealed ones.
 */
public final class Relay implements Closeable {
  static final int BUFFER_BYTES = 128 << 10;
  // A full buffer as records: 5 bytes of header and 17 of type and tag for each 16 KiB.
  private static final int SEALED_BYTES = BUFFER_BYTES + (16 << 10);
  private static final Duration LINGER = Duration.ofSeconds(2);
  // More than the socket holds: whoever waits for room in it ends what it is saying.
  private static final int SALVAGE_BYTES = 4 << 20;
  private static final Duration SALVAGE_LINGER = Duration.ofMillis(500);
  private static final Logger LOG = LoggerFactory.getLogger(Relay.class);

  /** Whether a channel waits for the {@link Throttle} or goes past it. */
  public enum Urgency {
    BULK,
    URGENT
  }

  /** Told before the hypervisor is to see that nothing more comes from the peer. */
  public interface BeforeEnd {
    /**
     * Takes the time it needs.
     *
     * @param broken whether the peer did not end the channel itself
     */
    void ending(boolean broken);
  }

  /** What a relay does besides relaying; complete before a relay gets it. */
  public static final class Options {
    private static final byte[] NOTHING = {};

    private Throttle throttle = new Throttle(Optional.empty());
    private Urgency urgency = Urgency.BULK;
    private Optional<ByteTap> outward = Optional.empty();
    private Optional<ByteTap> inward = Optional.empty();
    private Supplier<byte[]> additions = () -> NOTHING;
    private Optional<Coding.Factory> coding = Optional.empty();
    private BooleanSupplier salvage = () -> false;
    private BeforeEnd beforeEnd = _ -> {};
    private boolean mayBeLeft;
    private Duration linger = LINGER;

    private Options() {}

    public static Options plain() {
      return new Options();
    }

    public Options withThrottle(Throttle shared, Urgency how) {
      throttle = shared;
      urgency = how;
      return this;
    }

    /** Sees what goes from the hypervisor to the peer. */
    public Options withOutwardTap(ByteTap tap) {
      outward = Optional.of(tap);
      return this;
    }

    /** Sees what goes from the peer to the hypervisor. */
    public Options withInwardTap(ByteTap tap) {
      inward = Optional.of(tap);
      return this;
    }

    /**
     * What the hypervisor is to get besides; asked for after each piece from the peer, and at
     * {@link Relay#sendAdditions}.
     */
    public Options withAdditions(Supplier<byte[]> more) {
      additions = more;
      return this;
    }

    /** What the bytes cross the network in, if not as they are. */
    public Options withCoding(Coding.Factory how) {
      coding = Optional.of(how);
      return this;
    }

    /**
     * Whether the outward tap should get what the hypervisor has written already though the peer is
     * gone.
     */
    public Options withSalvage(BooleanSupplier wanted) {
      salvage = wanted;
      return this;
    }

    /** What is to be done while the hypervisor still takes its channel for whole. */
    public Options withBeforeEnd(BeforeEnd told) {
      beforeEnd = told;
      return this;
    }

    /**
     * The hypervisor may close its end while something still comes: it has all that it needs then,
     * and the rest is dropped.
     */
    public Options withHypervisorThatMayLeave() {
      mayBeLeft = true;
      return this;
    }

    Options withLinger(Duration longest) {
      linger = longest;
      return this;
    }
  }

  /** What has crossed so far. */
  public record Progress(long bytesOut, long bytesIn, long lastNanoTime) {}

  private final String name;
  private final SocketChannel hypervisor;
  private final TlsChannel peer;
  private final Options options;
  private final CountDownLatch oneDone = new CountDownLatch(1);
  private final CountDownLatch outwardDone = new CountDownLatch(1);
  private final CountDownLatch inwardDone = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicBoolean broken = new AtomicBoolean();
  private volatile Optional<String> breakReason = Optional.empty();
  private final AtomicLong bytesOut = new AtomicLong();
  private final AtomicLong bytesIn = new AtomicLong();
  private final ReentrantLock inwardLock = new ReentrantLock();
  private final ReentrantLock messageLock = new ReentrantLock();
  private final Optional<Coding> coding;
  private final List<Thread> pumps = new CopyOnWriteArrayList<>();
  private volatile boolean deaf;
  private volatile long lastNanoTime = System.nanoTime();

  /**
   * A relay that has not started yet.
   *
   * @param name for threads and log lines, such as {@code m0123456789/0}
   */
  public Relay(String name, SocketChannel hypervisor, TlsChannel peer, Options options) {
    this.name = name;
    this.hypervisor = hypervisor;
    this.peer = peer;
    this.options = options;
    this.coding =
        options.coding.map(made -> made.start(this::toPeer, this::toHypervisor, this::endInward));
  }

  /** What a bulk channel should have in flight at most, so that other channels see short queues. */
  public static int inFlightFor(ByteRate rate, Duration roundTrip) {
    double product = 2.0 * rate.bytesPerSecond() * roundTrip.toNanos() / 1e9;
    return (int) Math.clamp(product, 256 << 10, 64 << 20);
  }

  /** Relays until the end; both legs are closed and no thread is left when this returns. */
  public RelayEnd run() {
    peer.useBulkBuffers(SEALED_BYTES);
    Thread outward = pump("out", this::pumpOutward, options.outward, outwardDone);
    Thread inward = pump("in", this::pumpInward, options.inward, inwardDone);
    pumps.addAll(List.of(outward, inward));
    try {
      awaitEnd();
      outward.join();
      inward.join();
    } catch (InterruptedException e) {
      breakOff("interrupted");
      Thread.currentThread().interrupt();
    } finally {
      closeLegs();
      ended.countDown();
    }
    RelayEnd end = breakReason.<RelayEnd>map(RelayEnd.Broken::new).orElseGet(RelayEnd.Clean::new);
    LOG.debug("relay {} ended: {}, {}", name, end, progress());
    return end;
  }

  private void awaitEnd() throws InterruptedException {
    oneDone.await();
    long oneEnded = System.nanoTime();
    boolean hypervisorEnded = outwardDone.getCount() == 0;
    CountDownLatch other = hypervisorEnded ? inwardDone : outwardDone;
    while (!other.await(50, TimeUnit.MILLISECONDS)) {
      long quietSince = Math.max(oneEnded, lastNanoTime);
      long lingerNanos = (broken.get() ? SALVAGE_LINGER : options.linger).toNanos();
      if (System.nanoTime() - quietSince > lingerNanos) {
        String ended = hypervisorEnded ? "the hypervisor" : "the peer";
        breakOff(
            "%s ended its direction and nothing moved in the other one for %d ms"
                .formatted(ended, options.linger.toMillis()));
        closeLegs();
      }
    }
  }

  private interface Direction {
    void run(ByteBuffer buffer) throws IOException, InterruptedException;
  }

  private Thread pump(
      String direction, Direction body, Optional<ByteTap> tap, CountDownLatch done) {
    return Thread.ofPlatform()
        .name("relay-" + name + "-" + direction)
        .daemon()
        .start(
            () -> {
              // A tap wants an array; without one, a direct buffer saves a copy.
              try (Arena arena = Arena.ofConfined()) {
                body.run(
                    tap.isPresent() || coding.isPresent()
                        ? ByteBuffer.allocate(BUFFER_BYTES)
                        : arena.allocate(BUFFER_BYTES).asByteBuffer());
              } catch (IOException | RuntimeException e) {
                breakOff(describe(e));
              } catch (InterruptedException e) {
                breakOff("interrupted");
              } finally {
                done.countDown();
                oneDone.countDown();
              }
            });
  }

  private void pumpOutward(ByteBuffer buffer) throws IOException, InterruptedException {
    Throttle throttle = options.throttle;
    int salvaged = 0;
    while (true) {
      buffer.clear().limit(throttle.slice(buffer.capacity()));
      int count = hypervisor.read(buffer);
      if (count < 0) {
        endOutward();
        return;
      }
      buffer.flip();
      options.outward.ifPresent(tap -> tap.bytes(buffer.array(), buffer.arrayOffset(), count));
      if (!broken.get()) {
        try {
          outward(buffer);
          continue;
        } catch (IOException e) {
          breakOff(describe(e));
        }
      }
      lastNanoTime = System.nanoTime();
      salvaged += count;
      if (salvaged > SALVAGE_BYTES || !options.salvage.getAsBoolean()) {
        closeLegs();
        return;
      }
    }
  }

  private void outward(ByteBuffer bytes) throws IOException, InterruptedException {
    if (coding.isPresent()) {
      coding.get().outward(bytes.array(), bytes.arrayOffset(), bytes.remaining());
    } else {
      toPeer(bytes);
    }
  }

  private void endOutward() throws IOException {
    if (broken.get()) {
      return;
    }
    if (coding.isPresent()) {
      coding.get().outwardEnded();
    }
    peer.shutdownOutput();
  }

  /** A whole message, in slices: on a thin link a large one would look like a standstill. */
  private void toPeer(byte[] bytes, int offset, int length) throws IOException {
    try {
      messageLock.lockInterruptibly();
      try {
        for (int at = 0; at < length; ) {
          int slice = options.throttle.slice(length - at);
          toPeer(ByteBuffer.wrap(bytes, offset + at, slice));
          at += slice;
        }
      } finally {
        messageLock.unlock();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private void toPeer(ByteBuffer bytes) throws IOException, InterruptedException {
    int count = bytes.remaining();
    switch (options.urgency) {
      case BULK -> options.throttle.await(count);
      case URGENT -> options.throttle.spendUrgently(count);
    }
    peer.write(bytes);
    bytesOut.addAndGet(count);
    lastNanoTime = System.nanoTime();
  }

  private void pumpInward(ByteBuffer buffer) throws IOException {
    while (true) {
      int count = peer.read(buffer.clear());
      if (count < 0) {
        if (coding.isPresent()) {
          coding.get().inwardEnded();
        } else {
          endInward();
        }
        return;
      }
      buffer.flip();
      if (coding.isPresent()) {
        coding.get().inward(buffer.array(), buffer.arrayOffset(), count);
      } else {
        toHypervisor(buffer);
      }
      bytesIn.addAndGet(count);
      lastNanoTime = System.nanoTime();
    }
  }

  private void toHypervisor(byte[] bytes, int offset, int length) throws IOException {
    toHypervisor(ByteBuffer.wrap(bytes, offset, length));
  }

  private void toHypervisor(ByteBuffer bytes) throws IOException {
    inwardLock.lock();
    try {
      options.inward.ifPresent(
          tap ->
              tap.bytes(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining()));
      writeInward(bytes);
      writeInward(ByteBuffer.wrap(options.additions.get()));
    } finally {
      inwardLock.unlock();
    }
  }

  private void endInward() throws IOException {
    options.beforeEnd.ending(false);
    if (!deaf) {
      hypervisor.shutdownOutput();
    }
  }

  /** Sends the hypervisor what there is to add, without waiting for the peer. */
  public void sendAdditions() throws IOException {
    inwardLock.lock();
    try {
      writeInward(ByteBuffer.wrap(options.additions.get()));
    } finally {
      inwardLock.unlock();
    }
  }

  private void writeInward(ByteBuffer bytes) throws IOException {
    try {
      while (bytes.hasRemaining() && !deaf) {
        hypervisor.write(bytes);
      }
    } catch (IOException e) {
      if (!options.mayBeLeft || broken.get()) {
        throw e;
      }
      LOG.debug("relay {}: the hypervisor hears no more", name, e);
      deaf = true;
    }
  }

  private static String describe(Exception e) {
    String message = e.getMessage();
    return message == null || message.isBlank() ? e.getClass().getSimpleName() : message;
  }

  public Progress progress() {
    return new Progress(bytesOut.get(), bytesIn.get(), lastNanoTime);
  }

  /** Limits the bytes on their way to the peer, now and later; see {@link #inFlightFor}. */
  public void limitInFlight(int bytes) {
    try {
      peer.limitInFlight(bytes);
    } catch (IOException e) {
      LOG.debug("relay {} ended before its limit could be set", name, e);
    }
  }

  /** Waits for the end of a relay that runs; answers whether it came. */
  public boolean awaitEnd(Duration patience) {
    try {
      return ended.await(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /**
   * Breaks the relay off; {@link #run} then returns. Where the hypervisor's last words are of use,
   * it is given the time to say those that it has begun to.
   */
  public void breakOff(String reason) {
    if (!broken.compareAndSet(false, true)) {
      return;
    }
    breakReason = Optional.of(reason);
    options.beforeEnd.ending(true);
    boolean listening = options.salvage.getAsBoolean();
    if (listening) {
      closePeer();
    } else {
      closeLegs();
    }
    coding.ifPresent(made -> made.breakOff(reason));
    if (!listening) {
      pumps.forEach(Thread::interrupt); // one may wait for its turn, with no socket in hand
    }
  }

  @Override
  public void close() {
    breakOff("closed");
  }

  private void closeLegs() {
    closePeer();
    try {
      hypervisor.close();
    } catch (IOException e) {
      LOG.debug("relay {}: the hypervisor's leg did not close cleanly", name, e);
    }
  }

  private void closePeer() {
    try {
      peer.close();
    } catch (IOException e) {
      LOG.debug("relay {}: the peer's leg did not close cleanly", name, e);
    }
  }
}
