package io.drover.qemu.disk;

import java.io.IOException;

/** Where changes are put on their way to the target. Used by one thread. */
public interface ChangeStream {
  /** Bytes that are nobody's content. */
  void head(byte[] bytes) throws IOException;

  /** All that a write carries, for that place on the disk. */
  void content(long diskOffset, byte[] bytes) throws IOException;

  /** Nothing more comes for now: whatever was held back goes. */
  void flush() throws IOException;
}
