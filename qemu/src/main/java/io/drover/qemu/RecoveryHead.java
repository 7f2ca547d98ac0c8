package io.drover.qemu;

/**
 * Watches the head of a recovered transfer for the command that ends it: until then both sides
 * settle which pages are missing, from then on the target waits for its urgent channel. The head
 * consists of commands only, each with its length.
 */
public final class RecoveryHead {
  private static final int COMMAND_MARK = 8;
  private static final int RESUME = 9;
  private static final int COMMAND_HEAD_BYTES = 5;

  private final byte[] head = new byte[COMMAND_HEAD_BYTES];
  private int filled;
  private int toSkip;
  private boolean over;
  private boolean resumed;

  /** The next bytes of the transfer; the first ones first. */
  public void bytes(byte[] buffer, int offset, int length) {
    int end = offset + length;
    for (int at = offset; at < end && !over; ) {
      if (toSkip > 0) {
        int skipped = Math.min(toSkip, end - at);
        toSkip -= skipped;
        at += skipped;
        continue;
      }
      head[filled++] = buffer[at++];
      if (head[0] != COMMAND_MARK) {
        over = true;
      } else if (filled == COMMAND_HEAD_BYTES) {
        filled = 0;
        resumed = number(1) == RESUME;
        over = resumed;
        toSkip = number(3);
      }
    }
  }

  private int number(int at) {
    return Byte.toUnsignedInt(head[at]) << 8 | Byte.toUnsignedInt(head[at + 1]);
  }

  /** Whether the transfer goes on from here. */
  public boolean resumed() {
    return resumed;
  }
}
