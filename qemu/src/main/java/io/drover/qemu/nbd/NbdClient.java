package io.drover.qemu.nbd;

import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A client of one export of an NBD server, as a device of its own: what is asked of it, by any
 * number of threads, the server does. Requests are pipelined; a caller waits for its own answer
 * only.
 *
 * <p>Two platform threads do nothing but send and receive. Callers never touch the socket, so that
 * one who is interrupted does not close it for all others. When the connection breaks, everything
 * that waits and everything asked for later fails with a {@link NbdDisconnectedException}; it is
 * never connected again.
 *
 * <p>Buffers outside of the heap are sent and filled without a copy. A caller who is interrupted
 * leaves at once, unless the server takes its time over the very bytes of that caller: {@link
 * #close} ends that, too, so it is closed before whatever waits for its callers.
 */
public final class NbdClient implements BlockDevice, Closeable {
  private static final int BATCH = 16;
  private static final long FAREWELL_MILLIS = 1000;
  private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);
  private static final Pending FAREWELL =
      new Pending(
          new Request(RequestFlags.NONE, Command.DISCONNECT.code(), 0, 0, 0),
          Command.DISCONNECT,
          NOTHING,
          NOTHING);

  private final String name;
  private final Connection connection;
  private final ServerOffer offer;
  private final Semaphore room;
  private final AtomicLong nextCookie = new AtomicLong();
  private final Map<Long, Pending> waiting = new ConcurrentHashMap<>();
  private final BlockingQueue<Pending> toSend = new LinkedBlockingQueue<>(); // bounded by room
  private final AtomicBoolean ending = new AtomicBoolean();
  // Set before those who wait are told, so that whoever comes later sees it.
  private volatile Optional<NbdDisconnectedException> ended = Optional.empty();
  private volatile boolean closing;
  private final Thread sender;
  private final Thread receiver;

  private NbdClient(String name, Connection connection, ServerOffer offer, NbdLimits limits) {
    this.name = name;
    this.connection = connection;
    this.offer = offer;
    room = new Semaphore(limits.requests());
    sender = Thread.ofPlatform().daemon().name("nbd-send-" + name).unstarted(this::send);
    receiver = Thread.ofPlatform().daemon().name("nbd-receive-" + name).unstarted(this::receive);
  }

  /**
   * Connects to a server's unix socket and chooses an export.
   *
   * @throws NbdRefusedException if the server has no such export
   * @throws NbdProtocolException if it is no NBD server or does not answer in time
   */
  public static NbdClient connect(Path socket, String export, NbdLimits limits) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
    return over(socket.toString(), new Connection(channel, channel), export, limits);
  }

  static NbdClient over(String name, Connection connection, String export, NbdLimits limits)
      throws IOException {
    HandshakeDeadline deadline = new HandshakeDeadline(limits.handshake(), connection);
    try (deadline) {
      ServerOffer offer = new ClientHandshake(connection, export).run();
      NbdClient client = new NbdClient(name, connection, offer, limits);
      client.sender.start();
      client.receiver.start();
      return client;
    } catch (IOException | RuntimeException e) {
      connection.close();
      if (deadline.missed()) {
        throw new NbdProtocolException(
            "the server at %s did not end its handshake within %d ms"
                .formatted(name, limits.handshake().toMillis()));
      }
      throw e;
    }
  }

  @Override
  public long size() {
    return offer.size();
  }

  @Override
  public BlockSizes blockSizes() {
    return offer.sizes();
  }

  @Override
  public Set<DeviceFeature> features() {
    return offer.features();
  }

  public boolean isOpen() {
    return ended.isEmpty();
  }

  @Override
  public void read(long offset, ByteBuffer target) throws IOException {
    ByteBuffer part = target.slice();
    exchange(Command.READ, RequestFlags.NONE, offset, part.remaining(), NOTHING, part);
    target.position(target.limit());
  }

  @Override
  public void write(long offset, ByteBuffer data, RequestFlags flags) throws IOException {
    ByteBuffer part = data.slice();
    exchange(Command.WRITE, flags, offset, part.remaining(), part, NOTHING);
    data.position(data.limit());
  }

  @Override
  public void writeZeroes(long offset, long length, RequestFlags flags) throws IOException {
    exchange(Command.WRITE_ZEROES, flags, offset, length, NOTHING, NOTHING);
  }

  @Override
  public void trim(long offset, long length, RequestFlags flags) throws IOException {
    exchange(Command.TRIM, flags, offset, length, NOTHING, NOTHING);
  }

  @Override
  public void flush() throws IOException {
    exchange(Command.FLUSH, RequestFlags.NONE, 0, 0, NOTHING, NOTHING);
  }

  @Override
  public List<Extent> allocation(long offset, long length) throws IOException {
    List<Extent> extents =
        exchange(Command.BLOCK_STATUS, RequestFlags.NONE, offset, length, NOTHING, NOTHING);
    if (extents.isEmpty()) {
      throw new NbdErrorException(NbdError.INPUT_OUTPUT, "the server told of no extents");
    }
    return extents;
  }

  private List<Extent> exchange(
      Command command,
      RequestFlags flags,
      long offset,
      long length,
      ByteBuffer payload,
      ByteBuffer target)
      throws IOException {
    requireSensible(command, offset, length);
    try {
      room.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted before a " + command + " could be sent");
    }
    long cookie = nextCookie.incrementAndGet();
    Pending pending =
        new Pending(
            new Request(flags, command.code(), cookie, offset, length), command, payload, target);
    waiting.put(cookie, pending);
    Optional<NbdDisconnectedException> end = ended;
    if (end.isPresent()) {
      settle(pending, end.get());
    } else {
      toSend.add(pending);
    }
    return pending.await();
  }

  private void requireSensible(Command command, long offset, long length) {
    boolean carries = command == Command.READ || command == Command.WRITE;
    long most = carries ? offer.sizes().maximum() : 0xffff_ffffL;
    boolean inside = offset >= 0 && length >= 0 && offset <= offer.size() - length;
    if (!inside || length > most || !offer.sizes().fit(offset, length)) {
      throw new IllegalArgumentException(
          "%s of %d bytes at %d; the export has %d bytes and %s"
              .formatted(command, length, offset, offer.size(), offer.sizes()));
    }
  }

  private void send() {
    List<Pending> batch = new ArrayList<>(BATCH);
    ByteBuffer heads = ByteBuffer.allocateDirect(BATCH * Request.BYTES);
    try {
      while (!batch.contains(FAREWELL)) {
        batch.clear();
        batch.add(toSend.take());
        toSend.drainTo(batch, BATCH - 1);
        send(batch, heads);
      }
    } catch (IOException | RuntimeException e) {
      end(e);
    } catch (InterruptedException e) {
      // The connection has ended, and whoever ended it has settled everything.
    }
  }

  private void send(List<Pending> batch, ByteBuffer heads) throws IOException {
    ByteBuffer[] parts = new ByteBuffer[2 * batch.size()];
    int count = 0;
    heads.clear();
    for (Pending pending : batch) {
      if (pending.beginSending()) {
        int start = heads.position();
        pending.head().encode(heads);
        parts[count++] = heads.slice(start, Request.BYTES);
        parts[count++] = pending.payload();
      } else {
        forget(pending);
      }
    }
    try {
      connection.write(Arrays.copyOf(parts, count));
    } finally {
      batch.forEach(Pending::endSending);
    }
  }

  private void receive() {
    ReplyReader.Waiting those =
        new ReplyReader.Waiting() {
          @Override
          public Pending with(long cookie) throws NbdProtocolException {
            Pending pending = waiting.get(cookie);
            if (pending == null) {
              throw new NbdProtocolException(
                  "a reply to request %d, which is none".formatted(cookie));
            }
            return pending;
          }

          @Override
          public void done(Pending pending) {
            forget(pending);
            pending.answered();
          }
        };
    try {
      new ReplyReader(connection, offer, those).run();
    } catch (IOException | RuntimeException e) {
      end(e);
    }
  }

  /** Gives its place to the next one, once. */
  private boolean forget(Pending pending) {
    if (waiting.remove(pending.head().cookie(), pending)) {
      room.release();
      return true;
    }
    return false;
  }

  private void settle(Pending pending, NbdDisconnectedException why) {
    if (forget(pending)) {
      pending.broken(why);
    }
  }

  private void end(Exception cause) {
    if (!ending.compareAndSet(false, true)) {
      return;
    }
    NbdDisconnectedException why =
        new NbdDisconnectedException(
            "the connection to the NBD server at %s ended: %s"
                .formatted(name, closing ? "closed by this side" : NbdServer.describe(cause)),
            cause);
    ended = Optional.of(why);
    try {
      connection.close();
    } catch (IOException e) {
      why.addSuppressed(e);
    }
    sender.interrupt();
    waiting.values().forEach(pending -> settle(pending, why));
  }

  /**
   * Says goodbye, if the server listens, and closes the connection. Callers that still wait for an
   * answer are told that it ended.
   */
  @Override
  public void close() {
    boolean interrupted = false;
    closing = true;
    if (isOpen()) {
      toSend.add(FAREWELL);
      try {
        sender.join(FAREWELL_MILLIS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    end(new IOException("closed by this side"));
    try {
      boolean _ = receiver.join(Duration.ofSeconds(1));
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
