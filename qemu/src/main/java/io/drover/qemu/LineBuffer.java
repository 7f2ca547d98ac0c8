package io.drover.qemu;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Cuts a byte stream into lines of bounded length. */
final class LineBuffer {
  private final ByteArrayOutputStream line = new ByteArrayOutputStream(512);
  private final int maxBytes;

  LineBuffer(int maxBytes) {
    this.maxBytes = maxBytes;
  }

  void feed(ByteBuffer bytes, Consumer<byte[]> lines) {
    while (bytes.hasRemaining()) {
      byte next = bytes.get();
      if (next == '\n') {
        byte[] whole = line.toByteArray();
        line.reset();
        lines.accept(whole);
      } else if (line.size() < maxBytes) {
        line.write(next);
      } else {
        throw new IllegalStateException("a line of more than " + maxBytes + " bytes");
      }
    }
  }
}
