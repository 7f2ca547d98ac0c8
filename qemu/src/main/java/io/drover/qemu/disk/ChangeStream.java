package io.drover.qemu.disk;

import java.io.IOException;

/** Where changes are put on their way to the target. Used by one thread. */
public interface ChangeStream {
  /** Bytes that are nobody's content. */
  void head(byte[] bytes) throws IOException;

  /** What a write carries. */
  void content(byte[] bytes, int offset, int length) throws IOException;

  /** Nothing more comes for now: whatever was held back goes. */
  void flush() throws IOException;
}
