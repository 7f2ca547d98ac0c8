package io.drover.qemu;

import io.drover.migration.MemoryRange;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The page requests of a migration on their way back to the source: widens those of the target, and
 * adds some of Drover's own.
 *
 * <p>A guest that asks for a page soon asks for its neighbours, and each request costs a round trip
 * during which it stands still. QEMU asks for single pages but answers requests of any length, the
 * wanted page first. It also answers requests that nobody at the target made, at any time, before
 * everything else that it sends: so pages that will be needed first can be sent first, while the
 * guest still runs at the source. Right after the switch those of them follow that the guest wrote
 * to meanwhile, while the target still loads the devices' state. QEMU skips what it has sent
 * already.
 *
 * <p>Messages pass unchanged but for the length field of a request. A request whose fields lie in
 * two pieces, one of a block whose size is not known, and everything after a message it does not
 * know pass unchanged. Safe for use by the thread that passes bytes on and another that asks.
 */
public final class PageRequests {
  /** QEMU's name for the guest's main memory on the machines that Drover starts. */
  static final String BLOCK = "pc.ram";

  private static final byte[] NOTHING = {};
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

  /** QEMU's mark in its stream behind the list of pages that the target has to drop. */
  private static final int SWITCH_MARK = 2;

  /**
   * An operating system writes to a page here and a page there; a long run of pages is the guest's
   * load, which can wait until it is asked for.
   */
  private static final int LONGEST_RUN = 32 << 10;

  /** More would delay what the guest asks for itself. */
  private static final int MOST_AGAIN = 4 << 20;

  /** A request keeps the bulk of QEMU's pages waiting until it has been looked through. */
  private static final int LONGEST_REQUEST = 256 << 10;

  private final long blockBytes;
  private final int aheadBytes;
  private final byte[] message = new byte[LONGEST_MESSAGE];
  private int filled;
  private int wanted = HEAD_BYTES;
  private long toSkip;
  private boolean bitmapSize;
  // A request without a name means the block that was named last: ours must not come between.
  private boolean blockMayBeNamed = true;
  private boolean inBlock;
  private boolean begun;
  private boolean gaveUp;
  private List<MemoryRange> first = List.of();
  private List<MemoryRange> pending = List.of();
  private final List<MemoryRange> again = new ArrayList<>();
  private long againBytes;

  /**
   * For one connection, from its first byte.
   *
   * @param blockBytes the guest's main memory: no request may reach beyond it
   * @param aheadBytes how much to ask for at once; no more than a page changes nothing
   */
  public PageRequests(long blockBytes, int aheadBytes) {
    this.blockBytes = blockBytes;
    this.aheadBytes = aheadBytes / PAGE_BYTES * PAGE_BYTES;
  }

  /**
   * Which pages are to be ahead of the others: if so wished now, and, when the guest has written to
   * them, right after the switch to post-copy. What is asked for goes out with {@link #ours}.
   */
  public synchronized void first(List<MemoryRange> ranges, When when) {
    first = List.copyOf(ranges);
    if (when == When.NOW_AND_AT_THE_SWITCH) {
      pending = first;
    }
  }

  /** Asks for the lowest page, whoever needs it: QEMU wakes up for a request. */
  public synchronized void wake() {
    pending = List.of(new MemoryRange(0, PAGE_BYTES));
  }

  /** The target drops these, as the switch begins: some of them may be wanted first. */
  public synchronized void dropped(MemoryRange range) {
    if (range.bytes() <= LONGEST_RUN
        && againBytes + range.bytes() <= MOST_AGAIN
        && first.stream()
            .anyMatch(one -> one.start() <= range.start() && range.end() <= one.end())) {
      againBytes += range.bytes();
      again.add(range);
    }
  }

  /** From when on pages are asked for. */
  public enum When {
    AT_THE_SWITCH,
    NOW_AND_AT_THE_SWITCH
  }

  /**
   * What is to be sent to the source besides, here and now; often nothing. Before the target has
   * said something QEMU may not listen yet.
   */
  public synchronized byte[] ours() {
    if (pending.isEmpty()
        || !begun
        || gaveUp
        || filled > 0
        || toSkip > 0
        || bitmapSize
        || !blockMayBeNamed) {
      return NOTHING;
    }
    ByteArrayOutputStream messages = new ByteArrayOutputStream();
    for (MemoryRange range : pending) {
      for (long at = range.start(); at < range.end(); at += LONGEST_REQUEST) {
        messages.writeBytes(named(at, (int) Math.min(LONGEST_REQUEST, range.end() - at)));
      }
    }
    pending = List.of();
    return messages.toByteArray();
  }

  private byte[] named(long start, int length) {
    byte[] name = BLOCK.getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(NAME_AT + 1 + name.length)
        .putShort((short) REQUEST_WITH_NAME)
        .putShort((short) (NAME_AT + 1 + name.length - HEAD_BYTES))
        .putLong(start)
        .putInt(length)
        .put((byte) name.length)
        .put(name)
        .array();
  }

  /** Takes bytes on their way to the source, in order, and changes them where that helps. */
  public synchronized void bytes(byte[] bytes, int offset, int length) {
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
                && new String(message, NAME_AT + 1, nameLength, StandardCharsets.US_ASCII)
                    .equals(BLOCK);
        blockMayBeNamed = inBlock;
        widenAt(fields, bytes, offset, at - filled);
      }
      case REQUEST -> widenAt(fields, bytes, offset, at - filled);
      case RECEIVED_BITMAP -> {
        bitmapSize = true;
        filled = 0;
        wanted = Long.BYTES;
        return;
      }
      case PONG -> {
        if (payload == Integer.BYTES && fields.getInt(HEAD_BYTES) == SWITCH_MARK) {
          pending = List.copyOf(again);
        }
      }
      case SHUT, RESUME_ACK, SWITCHOVER_ACK -> {}
      default -> gaveUp = true;
    }
    begin();
  }

  private void begin() {
    begun = true;
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
