package io.drover.qemu;

import java.nio.ByteBuffer;

/**
 * Widens the page requests of post-copy on their way back to the source: a guest that asks for a
 * page soon asks for its neighbours, and each request costs a round trip during which it stands
 * still. QEMU asks for single pages but answers requests of any length, the wanted page first.
 *
 * <p>Changes the length field of a request in place and nothing else. A request whose fields lie in
 * two pieces, one of a block whose size is not known, and everything after a message it does not
 * know pass unchanged.
 */
public final class ReadAhead {
  private static final int PAGE_BYTES = 4096;
  private static final int SHUT = 1;
  private static final int PONG = 2;
  private static final int REQUEST_WITH_NAME = 3;
  private static final int REQUEST = 4;
  private static final int RECEIVED_BITMAP = 5;
  private static final int RESUME_ACK = 6;
  private static final int SWITCHOVER_ACK = 7;

  private static final int HEAD_BYTES = 4;
  private static final int LENGTH_AT = HEAD_BYTES + Long.BYTES;
  private static final int NAME_AT = LENGTH_AT + Integer.BYTES;
  private static final int LONGEST_MESSAGE = HEAD_BYTES + 8 + 4 + 256;

  private final String block;
  private final long blockBytes;
  private final int aheadBytes;
  private final byte[] message = new byte[LONGEST_MESSAGE];
  private int filled;
  private int wanted = HEAD_BYTES;
  private long toSkip;
  private boolean bitmapSize;
  private boolean inBlock;
  private boolean gaveUp;

  /**
   * For one connection, from its first byte.
   *
   * @param block the memory block whose requests are widened
   * @param blockBytes its size: no request may reach beyond it
   * @param aheadBytes how much to ask for at once; no more than a page changes nothing
   */
  public ReadAhead(String block, long blockBytes, int aheadBytes) {
    this.block = block;
    this.blockBytes = blockBytes;
    this.aheadBytes = aheadBytes / PAGE_BYTES * PAGE_BYTES;
  }

  /** Takes bytes on their way to the source, in order, and changes them where that helps. */
  public void widen(byte[] bytes, int offset, int length) {
    int at = offset;
    int end = offset + length;
    while (at < end && !gaveUp) {
      if (toSkip > 0) {
        int skipped = (int) Math.min(toSkip, end - at);
        toSkip -= skipped;
        at += skipped;
        continue;
      }
      int taken = Math.min(wanted - filled, end - at);
      System.arraycopy(bytes, at, message, filled, taken);
      filled += taken;
      at += taken;
      if (filled == wanted) {
        complete(bytes, offset, at);
      }
    }
  }

  /** The next {@code wanted} bytes are there, and end before {@code at}. */
  private void complete(byte[] bytes, int offset, int at) {
    ByteBuffer fields = ByteBuffer.wrap(message, 0, filled);
    if (bitmapSize) {
      // A bitmap's size, the bitmap, and a word that ends it, all outside the message's length.
      long size = fields.getLong(0);
      gaveUp = size < 0 || size > (1L << 32);
      toSkip = size + Long.BYTES;
      bitmapSize = false;
      begin();
      return;
    }
    int payload = Short.toUnsignedInt(fields.getShort(2));
    if (filled == HEAD_BYTES && payload > 0) {
      wanted = HEAD_BYTES + payload;
      gaveUp = wanted > LONGEST_MESSAGE;
      return;
    }
    switch (Short.toUnsignedInt(fields.getShort(0))) {
      case REQUEST_WITH_NAME -> {
        int nameLength = payload > 12 ? Byte.toUnsignedInt(message[NAME_AT]) : 0;
        inBlock =
            payload == 13 + nameLength
                && new String(
                        message,
                        NAME_AT + 1,
                        nameLength,
                        java.nio.charset.StandardCharsets.US_ASCII)
                    .equals(block);
        widenAt(fields, bytes, offset, at - filled);
      }
      case REQUEST -> widenAt(fields, bytes, offset, at - filled);
      case RECEIVED_BITMAP -> {
        bitmapSize = true;
        filled = 0;
        wanted = Long.BYTES;
        return;
      }
      case SHUT, PONG, RESUME_ACK, SWITCHOVER_ACK -> {}
      default -> gaveUp = true;
    }
    begin();
  }

  private void begin() {
    filled = 0;
    wanted = HEAD_BYTES;
  }

  private void widenAt(ByteBuffer fields, byte[] bytes, int offset, int messageAt) {
    int lengthAt = messageAt + LENGTH_AT;
    if (!inBlock || filled < NAME_AT || lengthAt < offset) {
      return;
    }
    long start = fields.getLong(HEAD_BYTES);
    if (fields.getInt(LENGTH_AT) != PAGE_BYTES || start < 0 || start >= blockBytes) {
      return;
    }
    int length = (int) Math.min(aheadBytes, blockBytes - start) / PAGE_BYTES * PAGE_BYTES;
    if (length > PAGE_BYTES) {
      ByteBuffer.wrap(bytes).putInt(lengthAt, length);
    }
  }
}
