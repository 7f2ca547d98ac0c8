package io.drover.chunk.exchange;

import java.io.IOException;

/** Where the direction goes that is carried along. */
public interface Back extends ByteSink {
  /** Nothing more comes. */
  void end() throws IOException;
}
