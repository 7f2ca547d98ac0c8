package io.drover.chunk.exchange;

import java.io.IOException;

/** Where bytes go; blocks while there is no room. */
@FunctionalInterface
public interface ByteSink {
  /** Takes these bytes, which are only valid during the call. */
  void write(byte[] bytes, int offset, int length) throws IOException;
}
