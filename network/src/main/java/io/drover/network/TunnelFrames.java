package io.drover.network;

import io.drover.linux.TapDevice;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * The frames of a redirect's connection: a byte that says what it is, three with its length, and so
 * many bytes. Lengths are checked before memory is taken.
 */
final class TunnelFrames {
  /** An IP packet after the kernel's ten bytes about how to cut it up. */
  static final int PACKET = 0;

  static final int CLAIM = 1;
  static final int GRANTED = 2;
  static final int DENIED = 3;
  static final int ENDED = 4;

  /** Says that the peer lives. */
  static final int KEEP_ALIVE = 5;

  static final int TRUSTS = 6;
  static final int ARRIVES = 7;
  static final int DISTRUSTS = 8;

  static final int HEADER_BYTES = 4;
  static final int MAX_PACKET = TapDevice.MAX_FRAME_BYTES;
  private static final int MAX_MESSAGE = 64 << 10;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(8)
                          .maxDocumentLength(MAX_MESSAGE)
                          .build())
                  .build())
          .build();

  private TunnelFrames() {}

  static void header(byte[] into, int kind, int length) {
    ByteBuffer.wrap(into).putInt((kind << 24) | length);
  }

  static byte[] encode(RedirectMessage message) {
    int kind =
        switch (message) {
          case RedirectMessage.Claim _ -> CLAIM;
          case RedirectMessage.Granted _ -> GRANTED;
          case RedirectMessage.Denied _ -> DENIED;
          case RedirectMessage.Ended _ -> ENDED;
          case RedirectMessage.Trusts _ -> TRUSTS;
          case RedirectMessage.Arrives _ -> ARRIVES;
          case RedirectMessage.Distrusts _ -> DISTRUSTS;
        };
    return encode(kind, message);
  }

  /** A frame with a record as JSON. */
  static byte[] encode(int kind, Object message) {
    byte[] json = MAPPER.writeValueAsBytes(message);
    byte[] frame = new byte[HEADER_BYTES + json.length];
    header(frame, kind, json.length);
    System.arraycopy(json, 0, frame, HEADER_BYTES, json.length);
    return frame;
  }

  static byte[] keepAlive() {
    byte[] frame = new byte[HEADER_BYTES];
    header(frame, KEEP_ALIVE, 0);
    return frame;
  }

  /** What comes in. */
  interface Receiver {
    /** The packet is the first {@code length} bytes, until this returns. */
    void packet(byte[] bytes, int length);

    void message(RedirectMessage message);

    void alive();
  }

  /** Reads until the connection ends, in whatever way; what is no frame is an IOException. */
  static void read(InputStream from, Receiver receiver) throws IOException {
    DataInputStream in = new DataInputStream(from);
    byte[] buffer = new byte[MAX_PACKET];
    while (true) {
      int header;
      try {
        header = in.readInt();
      } catch (EOFException e) {
        return;
      }
      int kind = header >>> 24;
      int length = header & 0xffffff;
      if (length > (kind == PACKET ? MAX_PACKET : MAX_MESSAGE)) {
        throw new IOException("a frame of %d bytes of kind %d".formatted(length, kind));
      }
      in.readFully(buffer, 0, length);
      receiver.alive();
      switch (kind) {
        case PACKET -> receiver.packet(buffer, length);
        case CLAIM -> receiver.message(decode(buffer, length, RedirectMessage.Claim.class));
        case GRANTED -> receiver.message(decode(buffer, length, RedirectMessage.Granted.class));
        case DENIED -> receiver.message(decode(buffer, length, RedirectMessage.Denied.class));
        case ENDED -> receiver.message(decode(buffer, length, RedirectMessage.Ended.class));
        case KEEP_ALIVE -> {}
        case TRUSTS -> receiver.message(decode(buffer, length, RedirectMessage.Trusts.class));
        case ARRIVES -> receiver.message(decode(buffer, length, RedirectMessage.Arrives.class));
        case DISTRUSTS -> receiver.message(decode(buffer, length, RedirectMessage.Distrusts.class));
        default -> throw new IOException("a frame of kind %d".formatted(kind));
      }
    }
  }

  /** Reads a record that {@link #encode} wrote; whatever is none is an IOException. */
  static <T> T decode(byte[] bytes, int length, Class<T> type) throws IOException {
    try {
      T message = MAPPER.readValue(bytes, 0, length, type);
      if (message == null) {
        throw new IOException("a message that is null");
      }
      return message;
    } catch (JacksonException | NullPointerException e) {
      throw new IOException("a message that cannot be read", e);
    }
  }
}
