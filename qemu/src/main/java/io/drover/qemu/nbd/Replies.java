package io.drover.qemu.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;

/** Writes a server's answers; from any thread, each as a whole. */
final class Replies {
  private static final int SIMPLE_BYTES = 16;
  private static final int CHUNK_BYTES = 20;

  private final Connection connection;
  private final Set<Extra> extras;

  Replies(Connection connection, Set<Extra> extras) {
    this.connection = connection;
    this.extras = extras;
  }

  private boolean structured() {
    return extras.contains(Extra.STRUCTURED_REPLIES);
  }

  /** Says that a request which has no data to answer with is done. */
  void done(long cookie) throws IOException {
    connection.write(simple(cookie, 0));
  }

  void failed(long cookie, NbdError error, String why) throws IOException {
    if (!structured()) {
      connection.write(simple(cookie, error.code()));
      return;
    }
    byte[] words = why.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(words.length, Nbd.MAX_STRING_BYTES);
    connection.write(
        chunk(cookie, Nbd.CHUNK_ERROR, 6 + length, 6 + length)
            .putInt(error.code())
            .putShort((short) length)
            .put(words, 0, length)
            .flip());
  }

  /** Answers a read. */
  void data(long cookie, long offset, ByteBuffer data) throws IOException {
    if (!structured()) {
      connection.write(simple(cookie, 0), data);
    } else if (data.hasRemaining()) {
      connection.write(
          chunk(cookie, Nbd.CHUNK_DATA, 8 + data.remaining(), 8).putLong(offset).flip(), data);
    } else {
      connection.write(chunk(cookie, Nbd.CHUNK_NONE, 0, 0).flip());
    }
  }

  void extents(long cookie, List<Extent> extents) throws IOException {
    int bytes = 4 + 8 * extents.size();
    ByteBuffer message =
        chunk(cookie, Nbd.CHUNK_BLOCK_STATUS, bytes, bytes).putInt(ServerHandshake.contextId());
    for (Extent extent : extents) {
      message.putInt((int) extent.length()).putInt(extent.state().bits());
    }
    connection.write(message.flip());
  }

  private static ByteBuffer simple(long cookie, int error) {
    return ByteBuffer.allocate(SIMPLE_BYTES)
        .putInt(Nbd.SIMPLE_REPLY_MAGIC)
        .putInt(error)
        .putLong(cookie)
        .flip();
  }

  /** The only chunk of its reply, with room for so many bytes of what it carries. */
  private static ByteBuffer chunk(long cookie, int type, int length, int room) {
    return ByteBuffer.allocate(CHUNK_BYTES + room)
        .putInt(Nbd.CHUNK_MAGIC)
        .putShort((short) Nbd.CHUNK_DONE)
        .putShort((short) type)
        .putLong(cookie)
        .putInt(length);
  }
}
