package io.drover.agent;

import io.drover.chunk.ChunkName;
import io.drover.chunk.ChunkReader;
import io.drover.chunk.exchange.Held;

/** What this host holds for one arriving guest, and what it keeps of what comes. */
final class HeldPages implements Held, AutoCloseable {
  private static final long PATIENCE_MILLIS = 10_000;

  private final ChunkReader reader;
  private final PageQueue cache;

  HeldPages(String name, ChunkReader reader, PageQueue.Taker cache) {
    this.reader = reader;
    this.cache = new PageQueue("cache-" + name, cache);
  }

  @Override
  public boolean lookup(ChunkName name, byte[] into, int offset) {
    return reader.lookup(name, into, offset);
  }

  @Override
  public void arrived(ChunkName name, byte[] bytes, int offset) {
    cache.add(name, bytes, offset);
  }

  /** To be called when nobody looks up any more. */
  @Override
  public void close() {
    boolean _ = cache.finish(PATIENCE_MILLIS);
    reader.close();
  }
}
