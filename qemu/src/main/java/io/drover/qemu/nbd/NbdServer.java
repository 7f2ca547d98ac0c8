package io.drover.qemu.nbd;

import io.drover.model.MemoryBudget;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.Set;

/**
 * Serves a device as the one export of an NBD server, to one client at a time for each call of
 * {@link #serve}.
 *
 * <p>The client's requests are done by the device on virtual threads and answered as they end.
 * There is no time-out for them: a device may let a client wait for as long as it likes, which for
 * QEMU is an ordinary slow disk. What is in flight is bounded in number and by the memory that is
 * to be had; beyond that the client's requests stay in the socket. A client that vanishes while so
 * many are in flight is noticed when the first of them ends.
 */
public final class NbdServer {
  /** Longer writes are done in pieces of this length. A mirror's are as long. */
  public static final int PIECE_BYTES = 1 << 20;

  private final String export;
  private final BlockDevice device;
  private final NbdLimits limits;
  private final MemoryBudget.Share memory;

  /**
   * A server that holds nothing while it serves nobody.
   *
   * @param export the export's name; a client may also choose it by the empty name
   * @param memory for what requests in flight carry; for one piece of a write at least it always
   *     has to have room, and for one read, where the device is read
   */
  public NbdServer(String export, BlockDevice device, NbdLimits limits, MemoryBudget.Share memory) {
    this.export = export;
    this.device = device;
    this.limits = limits;
    this.memory = memory;
  }

  public String export() {
    return export;
  }

  /**
   * Serves a client until it ends or breaks the protocol, or the channel is closed, or this thread
   * is interrupted. Nothing of it is left when this returns: the channel is closed, the buffers are
   * given back, and the device has ended what was in flight. Best called on a platform thread,
   * which does the reading.
   */
  public NbdEnd serve(SocketChannel client) {
    return serve(new Connection(client, client));
  }

  NbdEnd serve(Connection connection) {
    try (connection) {
      Optional<Set<Extra>> extras = shakeHands(connection);
      return extras.isEmpty()
          ? new NbdEnd.Looked()
          : new ServerSession(
                  export, connection, device, extras.get(), new InFlight(limits.requests(), memory))
              .run();
    } catch (IOException e) {
      return new NbdEnd.Broken(describe(e));
    }
  }

  private Optional<Set<Extra>> shakeHands(Connection connection) throws IOException {
    HandshakeDeadline deadline = new HandshakeDeadline(limits.handshake(), connection);
    try (deadline) {
      return new ServerHandshake(connection, export, device).run();
    } catch (IOException e) {
      if (deadline.missed()) {
        throw new NbdProtocolException(
            "the client did not end its handshake within %d ms"
                .formatted(limits.handshake().toMillis()));
      }
      throw e;
    }
  }

  static String describe(Exception e) {
    String message = e.getMessage();
    return message == null || message.isBlank() ? e.getClass().getSimpleName() : message;
  }
}
