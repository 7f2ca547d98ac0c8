package io.drover.chunk.exchange;

import io.drover.chunk.ChunkName;

/** Sees the chunks that a sender names, on the thread that gives it the stream. */
@FunctionalInterface
public interface ChunkWatch {
  ChunkWatch NOBODY = (name, bytes, offset) -> {};

  /** The chunk at {@code offset} has that name; its bytes are only valid during the call. */
  void named(ChunkName name, byte[] bytes, int offset);
}
