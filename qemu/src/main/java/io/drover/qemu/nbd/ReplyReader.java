package io.drover.qemu.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Reads a server's answers and hands them to those who wait. Whatever does not fit the request that
 * it answers ends the connection: a byte that is counted wrong makes everything after it wrong.
 */
final class ReplyReader {
  private static final int HEAD_BYTES = 16;
  private static final int TABLE_BYTES = 64 << 10;
  private static final int MAX_ERROR_BYTES = 6 + Nbd.MAX_STRING_BYTES + 8;

  /** Those who wait. */
  interface Waiting {
    /** Who waits for a reply with this cookie. */
    Pending with(long cookie) throws NbdProtocolException;

    /** It has its answer. */
    void done(Pending pending);
  }

  private final Connection connection;
  private final Set<Extra> extras;
  private final int contextId;
  private final long size;
  private final Waiting waiting;
  private final ByteBuffer head = ByteBuffer.allocateDirect(HEAD_BYTES);
  private final ByteBuffer small = ByteBuffer.allocateDirect(16);

  ReplyReader(Connection connection, ServerOffer offer, Waiting waiting) {
    this.connection = connection;
    extras = offer.extras();
    contextId = offer.contextId();
    size = offer.size();
    this.waiting = waiting;
  }

  /** Reads until the connection ends, which is always an exception. */
  void run() throws IOException {
    while (connection.readUnlessEnded(head.clear())) {
      head.flip();
      int magic = head.getInt();
      switch (magic) {
        case Nbd.SIMPLE_REPLY_MAGIC -> simple(head.getInt(), head.getLong());
        case Nbd.CHUNK_MAGIC -> chunk(head.getShort(), head.getShort(), head.getLong());
        default -> throw new NbdProtocolException("a reply begins with 0x%08x".formatted(magic));
      }
    }
    throw new EOFException("the server closed the connection");
  }

  private void simple(int error, long cookie) throws IOException {
    Pending pending = waiting.with(cookie);
    boolean carries = pending.command() == Command.READ;
    boolean chunksOnly = carries || pending.command() == Command.BLOCK_STATUS;
    if (chunksOnly && extras.contains(Extra.STRUCTURED_REPLIES)) {
      throw new NbdProtocolException("a simple reply to a " + pending.command());
    }
    if (error != 0) {
      pending.failed(NbdError.ofCode(error), "");
    } else if (carries) {
      fill(pending, 0, pending.head().length());
    }
    waiting.done(pending);
  }

  private void chunk(int flags, int signedType, long cookie) throws IOException {
    if (!extras.contains(Extra.STRUCTURED_REPLIES)) {
      throw new NbdProtocolException("a structured reply, which was not agreed on");
    }
    int type = signedType & 0xffff;
    long length = Integer.toUnsignedLong(small(4).getInt());
    Pending pending = waiting.with(cookie);
    switch (type) {
      case Nbd.CHUNK_NONE -> require(length == 0 && (flags & Nbd.CHUNK_DONE) != 0, pending, type);
      case Nbd.CHUNK_DATA -> {
        require(pending.command() == Command.READ && length > 8, pending, type);
        fill(pending, small(8).getLong() - pending.head().offset(), length - 8);
      }
      case Nbd.CHUNK_HOLE -> {
        require(pending.command() == Command.READ && length == 12, pending, type);
        ByteBuffer hole = small(12);
        zero(
            pending,
            hole.getLong() - pending.head().offset(),
            Integer.toUnsignedLong(hole.getInt()));
      }
      case Nbd.CHUNK_BLOCK_STATUS -> {
        require(pending.command() == Command.BLOCK_STATUS, pending, type);
        extents(pending, length);
      }
      default -> {
        require((type & Nbd.CHUNK_IS_ERROR) != 0, pending, type);
        error(pending, length);
      }
    }
    if ((flags & Nbd.CHUNK_DONE) != 0) {
      boolean whole =
          pending.command() != Command.READ || pending.filled(0) == pending.head().length();
      require(whole || pending.hasFailed(), pending, type);
      waiting.done(pending);
    }
  }

  private static void require(boolean condition, Pending pending, int type)
      throws NbdProtocolException {
    if (!condition) {
      throw new NbdProtocolException(
          "a chunk of type %d that does not fit a %s of %d bytes at %d"
              .formatted(
                  type, pending.command(), pending.head().length(), pending.head().offset()));
    }
  }

  private void fill(Pending pending, long at, long length) throws IOException {
    require(fits(pending, at, length), pending, Nbd.CHUNK_DATA);
    if (pending.beginFilling()) {
      try {
        connection.read(pending.target().slice((int) at, (int) length));
      } finally {
        pending.endFilling();
      }
    } else {
      connection.skip(length);
    }
  }

  private void zero(Pending pending, long at, long length) throws IOException {
    require(fits(pending, at, length), pending, Nbd.CHUNK_HOLE);
    if (pending.beginFilling()) {
      try {
        ByteBuffer part = pending.target().slice((int) at, (int) length);
        while (part.remaining() >= Long.BYTES) {
          part.putLong(0);
        }
        while (part.hasRemaining()) {
          part.put((byte) 0);
        }
      } finally {
        pending.endFilling();
      }
    }
  }

  /** Also counts, so that a server that repeats a part does not pass for one that sent all. */
  private static boolean fits(Pending pending, long at, long length) {
    long wanted = pending.head().length();
    return at >= 0 && length <= wanted && at <= wanted - length && pending.filled(length) <= wanted;
  }

  private void extents(Pending pending, long length) throws IOException {
    long count = (length - 4) / 8;
    require(
        count >= 1 && count <= Nbd.MAX_EXTENTS && length == 4 + 8 * count,
        pending,
        Nbd.CHUNK_BLOCK_STATUS);
    require(small(4).getInt() == contextId, pending, Nbd.CHUNK_BLOCK_STATUS);
    List<Extent> extents = new ArrayList<>();
    long left = pending.head().length();
    ByteBuffer table = ByteBuffer.allocate((int) Math.min(8 * count, TABLE_BYTES)).limit(0);
    for (long i = 0; i < count; i++) {
      if (!table.hasRemaining()) {
        connection.read(table.clear().limit((int) Math.min(8 * (count - i), TABLE_BYTES)));
        table.flip();
      }
      long bytes = Integer.toUnsignedLong(table.getInt());
      int state = table.getInt();
      require(bytes > 0 && bytes <= size, pending, Nbd.CHUNK_BLOCK_STATUS);
      if (left > 0) {
        extents.add(new Extent(Math.min(bytes, left), Extent.State.ofBits(state)));
        left -= Math.min(bytes, left);
      }
    }
    pending.extents(extents);
  }

  private void error(Pending pending, long length) throws IOException {
    require(length >= 6 && length <= MAX_ERROR_BYTES, pending, Nbd.CHUNK_ERROR);
    int code = small(4).getInt();
    int wordBytes = Short.toUnsignedInt(small(2).getShort());
    require(wordBytes <= length - 6, pending, Nbd.CHUNK_ERROR);
    ByteBuffer words = ByteBuffer.allocate(wordBytes);
    connection.read(words);
    connection.skip(length - 6 - wordBytes);
    pending.failed(
        NbdError.ofCode(code), StandardCharsets.UTF_8.decode(words.flip()).toString().strip());
  }

  private ByteBuffer small(int bytes) throws IOException {
    connection.read(small.clear().limit(bytes));
    return small.flip();
  }
}
