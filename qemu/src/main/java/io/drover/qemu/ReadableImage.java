package io.drover.qemu;

import io.drover.qemu.nbd.BlockDevice;
import java.io.IOException;

/** An image that can be read, as a guest would see it, until it is closed. */
public interface ReadableImage extends AutoCloseable {
  BlockDevice device();

  @Override
  void close() throws IOException;
}
