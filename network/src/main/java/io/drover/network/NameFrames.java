package io.drover.network;

import java.io.DataInputStream;
import java.io.IOException;

/** {@link NameMessage}s as frames like a redirect's: a byte, three with a length, and JSON. */
final class NameFrames {
  private static final int HERE = 1;
  private static final int GONE = 2;
  private static final int ALL = 3;
  private static final int ALIVE = 4;
  private static final int MAX_BYTES = 64 << 10;

  private NameFrames() {}

  static byte[] encode(NameMessage message) {
    return switch (message) {
      case NameMessage.Here(GuestNames names) -> TunnelFrames.encode(HERE, names);
      case NameMessage.Gone gone -> TunnelFrames.encode(GONE, gone);
      case NameMessage.All() -> empty(ALL);
      case NameMessage.Alive() -> empty(ALIVE);
    };
  }

  private static byte[] empty(int kind) {
    byte[] frame = new byte[TunnelFrames.HEADER_BYTES];
    TunnelFrames.header(frame, kind, 0);
    return frame;
  }

  /** Reads one; what is none is an IOException, as is the end. */
  static NameMessage read(DataInputStream in) throws IOException {
    int header = in.readInt();
    int kind = header >>> 24;
    int length = header & 0xffffff;
    if (length > MAX_BYTES) {
      throw new IOException("a frame of %d bytes of kind %d".formatted(length, kind));
    }
    byte[] body = new byte[length];
    in.readFully(body);
    return switch (kind) {
      case HERE -> new NameMessage.Here(TunnelFrames.decode(body, length, GuestNames.class));
      case GONE -> TunnelFrames.decode(body, length, NameMessage.Gone.class);
      case ALL -> new NameMessage.All();
      case ALIVE -> new NameMessage.Alive();
      default -> throw new IOException("a frame of kind %d".formatted(kind));
    };
  }
}
