package io.drover.chunk.exchange;

import io.drover.chunk.ChunkName;

/** What the receiving side holds already. */
public interface Held {
  /** Puts the chunk of that name at {@code offset}, after checking it, if it is here. */
  boolean lookup(ChunkName name, byte[] into, int offset);

  /** A chunk has come, and has that name. */
  void arrived(ChunkName name, byte[] bytes, int offset);

  /** Holds nothing and keeps nothing. */
  Held NOTHING =
      new Held() {
        @Override
        public boolean lookup(ChunkName name, byte[] into, int offset) {
          return false;
        }

        @Override
        public void arrived(ChunkName name, byte[] bytes, int offset) {}
      };
}
