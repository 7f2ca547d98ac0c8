package io.drover.qemu.disk;

import io.drover.qemu.nbd.NbdServer;
import io.drover.qemu.nbd.RequestFlags;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The head of a change, as it crosses; a write's bytes follow it.
 *
 * @param id the source's own number for it, under which it is answered
 */
record Change(ChangeKind kind, RequestFlags flags, long id, long offset, long length) {
  static final int BYTES = 1 + 2 + 8 + 8 + 4;

  /** No peer may ask for more memory than this. */
  static final int MAX_WRITE_BYTES = NbdServer.PIECE_BYTES;

  byte[] encode() {
    return ByteBuffer.allocate(BYTES)
        .put((byte) kind.code())
        .putShort((short) flags.bits())
        .putLong(id)
        .putLong(offset)
        .putInt((int) length)
        .array();
  }

  /** Reads one and checks it against the disk's size; nothing is allocated before that. */
  static Change decode(ByteBuffer head, long diskBytes) throws IOException {
    ChangeKind kind = ChangeKind.ofCode(Byte.toUnsignedInt(head.get()));
    Change change =
        new Change(
            kind,
            new RequestFlags(Short.toUnsignedInt(head.getShort())),
            head.getLong(),
            head.getLong(),
            Integer.toUnsignedLong(head.getInt()));
    boolean within =
        change.offset >= 0
            && change.length <= diskBytes
            && change.offset <= diskBytes - change.length
            && (kind != ChangeKind.WRITE || change.length <= MAX_WRITE_BYTES);
    if (!within) {
      throw new IOException(
          "the peer wants %s of %d bytes at %d of a disk of %d bytes"
              .formatted(kind, change.length, change.offset, diskBytes));
    }
    return change;
  }
}
