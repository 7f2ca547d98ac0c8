package io.drover.chunk.exchange;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;

/** Cuts what comes from the peer, in pieces of any size, into messages. Belongs to one thread. */
final class MessageReader {
  /** Takes whole messages. */
  interface Handler {
    void message(Message message, ByteBuffer payload) throws IOException;
  }

  private static final int USUAL_BYTES = 256 << 10;

  private final Set<Message> expected;
  private final int grainBytes;
  private final Handler handler;
  private byte[] buffer = new byte[4096];
  private int filled;

  MessageReader(Set<Message> expected, int grainBytes, Handler handler) {
    this.expected = expected;
    this.grainBytes = grainBytes;
    this.handler = handler;
  }

  void read(byte[] bytes, int offset, int length) throws IOException {
    int at = offset;
    int end = offset + length;
    while (at < end) {
      int wanted = wanted();
      if (filled == 0 && end - at >= Message.HEAD_BYTES) {
        // Most messages lie whole in what came: they need not be copied.
        int whole = Message.HEAD_BYTES + payloadLength(bytes, at);
        if (end - at >= whole) {
          handle(bytes, at, whole);
          at += whole;
          continue;
        }
      }
      int taken = Math.min(wanted - filled, end - at);
      room(filled + taken);
      System.arraycopy(bytes, at, buffer, filled, taken);
      filled += taken;
      at += taken;
      if (filled >= Message.HEAD_BYTES && filled == wanted()) {
        int whole = filled;
        filled = 0;
        handle(buffer, 0, whole);
        if (buffer.length > USUAL_BYTES) {
          buffer = new byte[4096];
        }
      }
    }
  }

  /** Whether a message has begun and not ended. */
  boolean isInside() {
    return filled > 0;
  }

  private int wanted() throws IOException {
    return filled < Message.HEAD_BYTES
        ? Message.HEAD_BYTES
        : Message.HEAD_BYTES + payloadLength(buffer, 0);
  }

  private void room(int bytes) {
    if (bytes > buffer.length) {
      buffer = Arrays.copyOf(buffer, Math.max(bytes, buffer.length * 2));
    }
  }

  private int payloadLength(byte[] bytes, int at) throws IOException {
    Message message = Message.of(bytes[at]);
    int length = ByteBuffer.wrap(bytes).getInt(at + 1);
    int most =
        message == Message.CHUNKS || message == Message.PACKED_CHUNKS
            ? ExchangeLimits.CHUNKS * grainBytes
            : message.mostBytes();
    if (!expected.contains(message) || length < 0 || length > most) {
      throw new IOException(
          "the peer sent %s of %d bytes, which is not possible here".formatted(message, length));
    }
    return length;
  }

  private void handle(byte[] bytes, int at, int whole) throws IOException {
    handler.message(
        Message.of(bytes[at]),
        ByteBuffer.wrap(bytes, at + Message.HEAD_BYTES, whole - Message.HEAD_BYTES).slice());
  }
}
