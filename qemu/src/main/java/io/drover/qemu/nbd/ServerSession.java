package io.drover.qemu.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What follows the handshake: reads requests on the caller's thread and has each done on a virtual
 * thread of its own, in whatever order they end. A request that the protocol allows and this device
 * does not is answered with an error; one that it does not allow ends the connection.
 *
 * <p>A long write is done in pieces: whatever a client sends, no more memory than for one of them
 * has to be there for it to go on.
 */
final class ServerSession {
  private static final int MAX_EXTENTS_TOLD = 8192;
  private static final Logger LOG = LoggerFactory.getLogger(ServerSession.class);

  private final String name;
  private final Connection connection;
  private final BlockDevice device;
  private final long size;
  private final BlockSizes sizes;
  private final Set<DeviceFeature> features;
  private final Set<Extra> extras;
  private final Replies replies;
  private final InFlight inFlight;
  private final Set<Thread> working = ConcurrentHashMap.newKeySet();

  ServerSession(
      String name,
      Connection connection,
      BlockDevice device,
      Set<Extra> extras,
      InFlight inFlight) {
    this.name = name;
    this.connection = connection;
    this.device = device;
    size = device.size();
    sizes = device.blockSizes();
    features = Set.copyOf(device.features());
    this.extras = extras;
    this.inFlight = inFlight;
    replies = new Replies(connection, extras);
  }

  /** Serves until the client ends; nothing of a request is left then. */
  NbdEnd run() {
    NbdEnd end;
    try {
      end = serve();
    } catch (IOException e) {
      end = new NbdEnd.Broken(NbdServer.describe(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      end = new NbdEnd.Broken("interrupted");
    }
    if (end instanceof NbdEnd.Broken) {
      abandon();
    }
    return end;
  }

  private NbdEnd serve() throws IOException, InterruptedException {
    ByteBuffer head = ByteBuffer.allocateDirect(Request.BYTES);
    while (connection.readUnlessEnded(head.clear())) {
      Request request = Request.decode(head.flip());
      Optional<Command> command = Command.ofCode(request.code());
      if (command.isEmpty()) {
        String why = "command " + request.code() + " is not known here";
        replies.failed(request.cookie(), NbdError.INVALID, why);
      } else if (command.get() == Command.DISCONNECT) {
        inFlight.awaitNone();
        return new NbdEnd.Disconnected();
      } else {
        accept(command.get(), request);
      }
    }
    return new NbdEnd.Broken("the client closed the connection without a word");
  }

  private void accept(Command command, Request request) throws IOException, InterruptedException {
    if (command == Command.WRITE && request.length() > sizes.maximum()) {
      throw new NbdProtocolException(
          "a write of %d bytes, at most %d are allowed"
              .formatted(request.length(), sizes.maximum()));
    }
    Optional<NbdErrorException> refusal = refusal(command, request);
    if (refusal.isPresent()) {
      if (command == Command.WRITE) {
        connection.skip(request.length());
      }
      replies.failed(request.cookie(), refusal.get().error(), NbdServer.describe(refusal.get()));
      return;
    }
    if (command == Command.WRITE) {
      write(request);
      return;
    }
    ByteBuffer buffer = inFlight.begin(command == Command.READ ? (int) request.length() : 0);
    work(buffer, () -> answer(command, request, buffer));
  }

  private void write(Request request) throws IOException, InterruptedException {
    int left = (int) request.length();
    int pieces = Math.max(1, Math.ceilDiv(left, NbdServer.PIECE_BYTES));
    WriteInPieces whole = new WriteInPieces(pieces);
    long offset = request.offset();
    for (int i = 0; i < pieces; i++) {
      int bytes = Math.min(left, NbdServer.PIECE_BYTES);
      ByteBuffer piece = inFlight.begin(bytes);
      try {
        connection.read(piece);
        piece.flip();
      } catch (IOException | RuntimeException e) {
        inFlight.end(piece);
        throw e;
      }
      long at = offset;
      work(piece, () -> write(request, whole, at, piece));
      offset += bytes;
      left -= bytes;
    }
  }

  /** Why the device cannot be asked for this, if so. */
  private Optional<NbdErrorException> refusal(Command command, Request request) {
    if (!request.flags().within(allowedFlags(command))) {
      return refused(NbdError.INVALID, command, request, "these flags are not for it");
    }
    if (features.contains(DeviceFeature.READ_ONLY) && changes(command)) {
      return refused(NbdError.NOT_PERMITTED, command, request, "the export is read-only");
    }
    if (!offered(command)) {
      return refused(NbdError.INVALID, command, request, "that was not offered");
    }
    if (command == Command.FLUSH) {
      return (request.offset() | request.length()) == 0
          ? Optional.empty()
          : refused(NbdError.INVALID, command, request, "all or nothing is flushed");
    }
    if (!sizes.fit(request.offset(), request.length())) {
      String why = "the device has blocks of %d bytes".formatted(sizes.minimum());
      return refused(NbdError.INVALID, command, request, why);
    }
    if (request.offset() < 0 || request.offset() > size - request.length()) {
      boolean grows = command == Command.WRITE || command == Command.WRITE_ZEROES;
      NbdError error = grows ? NbdError.NO_SPACE : NbdError.INVALID;
      return refused(error, command, request, "the device has %d bytes".formatted(size));
    }
    if (command == Command.READ && features.contains(DeviceFeature.WRITE_ONLY)) {
      return refused(NbdError.NOT_SUPPORTED, command, request, "it cannot be read from here");
    }
    if (command == Command.READ && request.length() > sizes.maximum()) {
      String why = "at most %d bytes are read at once".formatted(sizes.maximum());
      return refused(NbdError.INVALID, command, request, why);
    }
    if (command == Command.BLOCK_STATUS && request.length() == 0) {
      return refused(NbdError.INVALID, command, request, "nothing has no extents");
    }
    return Optional.empty();
  }

  private static Optional<NbdErrorException> refused(
      NbdError error, Command command, Request request, String why) {
    return Optional.of(
        new NbdErrorException(
            error,
            "%s of %d bytes at %s, flags 0x%x: %s"
                .formatted(
                    command,
                    request.length(),
                    Long.toUnsignedString(request.offset()),
                    request.flags().bits(),
                    why)));
  }

  private RequestFlags allowedFlags(Command command) {
    return switch (command) {
      case READ ->
          extras.contains(Extra.STRUCTURED_REPLIES)
              ? withDurable(command.flags())
              : withDurable(RequestFlags.NONE);
      case WRITE_ZEROES ->
          features.contains(DeviceFeature.FAST_ZEROES)
              ? withDurable(command.flags())
              : withDurable(RequestFlags.KEEP_ALLOCATED);
      case WRITE, FLUSH, TRIM, BLOCK_STATUS, DISCONNECT -> withDurable(command.flags());
    };
  }

  private RequestFlags withDurable(RequestFlags flags) {
    return features.contains(DeviceFeature.DURABLE_WRITES)
        ? flags.and(RequestFlags.DURABLE)
        : flags;
  }

  private static boolean changes(Command command) {
    return switch (command) {
      case WRITE, WRITE_ZEROES, TRIM -> true;
      case READ, FLUSH, BLOCK_STATUS, DISCONNECT -> false;
    };
  }

  private boolean offered(Command command) {
    return switch (command) {
      case READ, WRITE, DISCONNECT -> true;
      case FLUSH -> features.contains(DeviceFeature.FLUSH);
      case TRIM -> features.contains(DeviceFeature.TRIM);
      case WRITE_ZEROES -> features.contains(DeviceFeature.WRITE_ZEROES);
      case BLOCK_STATUS -> extras.contains(Extra.ALLOCATION);
    };
  }

  private interface Work {
    void run() throws IOException;
  }

  private void work(ByteBuffer buffer, Work work) {
    Thread worker = Thread.ofVirtual().unstarted(() -> work(work, buffer));
    working.add(worker);
    worker.start();
  }

  private void work(Work work, ByteBuffer buffer) {
    try {
      work.run();
    } catch (IOException e) {
      LOG.debug("{}: an answer could not be sent: {}", name, e.toString());
      hangUp();
    } finally {
      working.remove(Thread.currentThread());
      inFlight.end(buffer);
    }
  }

  private void write(Request request, WriteInPieces whole, long offset, ByteBuffer piece)
      throws IOException {
    Optional<NbdErrorException> failure =
        failure(
            Command.WRITE,
            offset,
            () -> {
              if (piece.hasRemaining()) {
                device.write(offset, piece, request.flags());
              }
            });
    if (whole.ended(failure)) {
      if (whole.failure().isPresent()) {
        failed(request, whole.failure().get());
      } else {
        replies.done(request.cookie());
      }
    }
  }

  private void answer(Command command, Request request, ByteBuffer buffer) throws IOException {
    List<Extent> extents = new ArrayList<>();
    Optional<NbdErrorException> failure =
        failure(command, request.offset(), () -> ask(command, request, buffer, extents));
    if (failure.isPresent()) {
      failed(request, failure.get());
      return;
    }
    switch (command) {
      case READ -> replies.data(request.cookie(), request.offset(), buffer.rewind());
      case BLOCK_STATUS -> replies.extents(request.cookie(), extents);
      case WRITE, FLUSH, TRIM, WRITE_ZEROES, DISCONNECT -> replies.done(request.cookie());
    }
  }

  private void failed(Request request, NbdErrorException why) throws IOException {
    replies.failed(request.cookie(), why.error(), NbdServer.describe(why));
  }

  /** Why the device has not done it, if so. */
  private Optional<NbdErrorException> failure(Command command, long offset, Work work) {
    try {
      work.run();
      return Optional.empty();
    } catch (NbdErrorException e) {
      return Optional.of(e);
    } catch (IOException e) {
      return Optional.of(new NbdErrorException(NbdError.INPUT_OUTPUT, NbdServer.describe(e)));
    } catch (RuntimeException e) {
      LOG.error("{}: {} at {} failed", name, command, offset, e);
      return Optional.of(new NbdErrorException(NbdError.INPUT_OUTPUT, NbdServer.describe(e)));
    }
  }

  private void ask(Command command, Request request, ByteBuffer buffer, List<Extent> extents)
      throws IOException {
    long offset = request.offset();
    long length = request.length();
    RequestFlags flags = request.flags();
    if (length == 0 && command != Command.FLUSH) {
      return; // allowed, and nothing to do
    }
    switch (command) {
      case READ -> {
        ByteBuffer target = buffer.slice();
        device.read(offset, target);
        if (target.hasRemaining()) {
          throw new IllegalStateException("the device left a read short of " + target);
        }
      }
      case FLUSH -> device.flush();
      case TRIM -> device.trim(offset, length, flags);
      case WRITE_ZEROES -> device.writeZeroes(offset, length, flags);
      case BLOCK_STATUS -> extents.addAll(told(device.allocation(offset, length), length, flags));
      case WRITE, DISCONNECT -> throw new IllegalStateException(command + " is not asked for here");
    }
  }

  /** Neighbours in one state as one, no more than was asked for, and not too many. */
  private static List<Extent> told(List<Extent> known, long length, RequestFlags flags) {
    int most = flags.contain(RequestFlags.ONE_EXTENT) ? 1 : MAX_EXTENTS_TOLD;
    List<Extent> told = new ArrayList<>();
    long left = length;
    for (Extent extent : known) {
      boolean joins = !told.isEmpty() && told.getLast().state() == extent.state();
      if (left == 0 || (!joins && told.size() == most)) {
        break;
      }
      long bytes = Math.min(extent.length(), left);
      long before = joins ? told.removeLast().length() : 0;
      told.add(new Extent(before + bytes, extent.state()));
      left -= bytes;
    }
    if (told.isEmpty()) {
      throw new IllegalStateException("the device told of no extent");
    }
    return told;
  }

  /** Nobody wants the answers any more: those who work at them are told so and waited for. */
  private void abandon() {
    hangUp();
    boolean interrupted = false;
    while (true) {
      working.forEach(Thread::interrupt);
      try {
        inFlight.awaitNone();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void hangUp() {
    try {
      connection.close();
    } catch (IOException e) {
      LOG.debug("{}: closing: {}", name, e.toString());
    }
  }
}
