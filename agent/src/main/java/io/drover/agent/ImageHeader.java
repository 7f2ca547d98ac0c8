package io.drover.agent;

import io.drover.model.DiskFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * What the first bytes of an image tell of it.
 *
 * @param bytes its size as a guest sees it
 */
record ImageHeader(DiskFormat format, long bytes) {
  private static final int QCOW2_MAGIC = 0x514649fb;
  private static final int BACKING_FILE_AT = 8;
  private static final int SIZE_AT = 24;
  private static final int ENCRYPTION_AT = 32;
  private static final int INCOMPATIBLE_FEATURES_AT = 72;
  private static final int READ_BYTES = 80;
  private static final int EXTERNAL_DATA = 1 << 2;
  private static final int SECTOR = 512;

  /**
   * Of an image that is all in one file. Nothing of one that says that more of it is elsewhere: a
   * guest may have written that, and whoever opens the image would open what the guest named.
   */
  static Optional<ImageHeader> of(Path image) throws IOException {
    try (FileChannel file = FileChannel.open(image, StandardOpenOption.READ)) {
      ByteBuffer head = ByteBuffer.allocate(READ_BYTES);
      int read = 0;
      while (head.hasRemaining() && read >= 0) {
        read = file.read(head, head.position());
      }
      boolean whole = !head.hasRemaining();
      if (!whole || head.getInt(0) != QCOW2_MAGIC) {
        long sectors = (file.size() + SECTOR - 1) / SECTOR;
        return Optional.of(new ImageHeader(DiskFormat.RAW, sectors * SECTOR));
      }
      boolean alone =
          head.getLong(BACKING_FILE_AT) == 0
              && head.getInt(ENCRYPTION_AT) == 0
              && (version(head) < 3
                  || (head.getLong(INCOMPATIBLE_FEATURES_AT) & EXTERNAL_DATA) == 0);
      return alone
          ? Optional.of(new ImageHeader(DiskFormat.QCOW2, head.getLong(SIZE_AT)))
          : Optional.empty();
    }
  }

  private static int version(ByteBuffer head) {
    return head.getInt(4);
  }
}
