package io.drover.qemu.disk;

import java.nio.ByteBuffer;

/**
 * That a change is done, or why not.
 *
 * @param error 0 for done, else one of NBD's numbers
 */
record Answer(long id, int error) {
  static final int BYTES = 8 + 4;

  byte[] encode() {
    return ByteBuffer.allocate(BYTES).putLong(id).putInt(error).array();
  }

  static Answer decode(ByteBuffer from) {
    return new Answer(from.getLong(), from.getInt());
  }
}
