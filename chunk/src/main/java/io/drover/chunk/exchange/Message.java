package io.drover.chunk.exchange;

import io.drover.chunk.ChunkName;
import java.io.IOException;

/**
 * The messages of an exchange: one byte that says which, four with the length of what follows, and
 * that. Numbers are big-endian; see docs/protocol.md.
 */
enum Message {
  /**
   * To the receiver: a count of chunks (16 bits), for each the literal bytes before it (32 bits)
   * and its name, the literal bytes after the last (32 bits), and all the literal bytes.
   */
  BATCH(1, 2 + ExchangeLimits.CHUNKS * (4 + ChunkName.BYTES) + 4 + ExchangeLimits.LITERAL_BYTES),
  /**
   * To the receiver: the wanted chunks of the oldest batch that lacks some, one after the other.
   * Its length follows from the grain.
   */
  CHUNKS(2, Integer.MAX_VALUE),
  /** To the sender: which chunks of the oldest batch without an answer are wanted, a bit each. */
  WANT(3, (ExchangeLimits.CHUNKS + 7) / 8),
  /** To the receiver: the same as {@link #CHUNKS} in one frame of Zstandard, which is shorter. */
  PACKED_CHUNKS(6, Integer.MAX_VALUE),
  /** To the sender: bytes of the direction that is carried along. */
  BACK(4, ExchangeLimits.BACK_BYTES),
  /** To the sender: that direction has ended. */
  BACK_END(5, 0),
  /** Either way, where nothing is asked for: bytes. */
  BYTES(7, ExchangeLimits.LITERAL_BYTES),
  /** The same in one frame of Zstandard, which is shorter. */
  PACKED_BYTES(8, ExchangeLimits.LITERAL_BYTES);

  static final int HEAD_BYTES = 5;

  private final int code;
  private final int mostBytes;

  Message(int code, int mostBytes) {
    this.code = code;
    this.mostBytes = mostBytes;
  }

  int mostBytes() {
    return mostBytes;
  }

  void head(byte[] into, int length) {
    into[0] = (byte) code;
    into[1] = (byte) (length >>> 24);
    into[2] = (byte) (length >>> 16);
    into[3] = (byte) (length >>> 8);
    into[4] = (byte) length;
  }

  static Message of(int code) throws IOException {
    for (Message message : values()) {
      if (message.code == code) {
        return message;
      }
    }
    throw new IOException("the peer sent a message of an unknown kind (%d)".formatted(code));
  }
}
