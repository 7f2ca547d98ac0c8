package io.drover.wire;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Length-prefixed frames on a stream: an unsigned 32-bit length, then that many bytes. */
public final class Frames {
  private Frames() {}

  /** Writes and flushes one frame in one write, so that it becomes one TLS record. */
  public static void write(OutputStream out, byte[] payload) throws IOException {
    if (payload.length == 0 || payload.length > Protocol.MAX_FRAME_BYTES) {
      throw new IllegalStateException("a frame of " + payload.length + " bytes");
    }
    out.write(ByteBuffer.allocate(4 + payload.length).putInt(payload.length).put(payload).array());
    out.flush();
  }

  /**
   * Reads one frame; memory is taken as its bytes arrive, never on the word of its length alone.
   *
   * @return empty at an end between two frames
   * @throws EOFException at an end inside a frame
   * @throws io.drover.model.ProblemException for a length of 0 or above {@code maxBytes}
   */
  public static Optional<byte[]> read(InputStream in, int maxBytes) throws IOException {
    byte[] head = in.readNBytes(4);
    if (head.length == 0) {
      return Optional.empty();
    }
    if (head.length < 4) {
      throw new EOFException("the stream ended inside a frame's length");
    }
    int length = ByteBuffer.wrap(head).getInt();
    if (length < 1 || length > maxBytes) {
      throw Protocol.violation(
              "The peer announced a message of %d bytes; 1 to %d are allowed"
                  .formatted(Integer.toUnsignedLong(length), maxBytes))
          .asException();
    }
    byte[] payload = in.readNBytes(length);
    if (payload.length < length) {
      throw new EOFException(
          "the stream ended after %d of a frame's %d bytes".formatted(payload.length, length));
    }
    return Optional.of(payload);
  }
}
