package io.drover.qemu.nbd;

import java.nio.ByteBuffer;

/**
 * The head of a request, as it is on the wire and not checked any further.
 *
 * @param offset negative if it is 2^63 or more
 * @param length an unsigned 32-bit number
 */
record Request(RequestFlags flags, int code, long cookie, long offset, long length) {
  static final int BYTES = 28;

  /** Reads one of exactly {@link #BYTES}. */
  static Request decode(ByteBuffer head) throws NbdProtocolException {
    int magic = head.getInt();
    if (magic != Nbd.REQUEST_MAGIC) {
      throw new NbdProtocolException(
          "a request begins with 0x%08x instead of 0x%08x".formatted(magic, Nbd.REQUEST_MAGIC));
    }
    return new Request(
        new RequestFlags(Short.toUnsignedInt(head.getShort())),
        Short.toUnsignedInt(head.getShort()),
        head.getLong(),
        head.getLong(),
        Integer.toUnsignedLong(head.getInt()));
  }

  void encode(ByteBuffer head) {
    head.putInt(Nbd.REQUEST_MAGIC)
        .putShort((short) flags.bits())
        .putShort((short) code)
        .putLong(cookie)
        .putLong(offset)
        .putInt((int) length);
  }
}
