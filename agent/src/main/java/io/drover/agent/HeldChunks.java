package io.drover.agent;

import io.drover.chunk.ChunkName;
import io.drover.chunk.ChunkReader;
import io.drover.chunk.exchange.Compression;
import io.drover.chunk.exchange.Held;
import io.drover.wire.PeerMessage;
import java.util.Optional;

/** What this host holds for one connection of an arriving guest; tells a queue of what comes. */
final class HeldChunks implements Held, AutoCloseable {
  private final ChunkReader reader;
  private final Optional<PageQueue> kept;

  /**
   * Nothing has been looked up yet.
   *
   * @param kept takes what comes; empty where nothing does
   */
  HeldChunks(ChunkReader reader, Optional<PageQueue> kept) {
    this.reader = reader;
    this.kept = kept;
  }

  /** What a channel can carry where content is looked up, or is not. */
  static PeerMessage.ContentUse use(boolean lookedUp) {
    return lookedUp
        ? switch (Compression.ofMachine()) {
          case NONE -> PeerMessage.ContentUse.NAMES;
          case ZSTD, ZSTD_WHEN_IDLE_TOO -> PeerMessage.ContentUse.NAMES_AND_ZSTD;
        }
        : PeerMessage.ContentUse.NONE;
  }

  /** Whether what nobody is asked for crosses packed. */
  static boolean packs(PeerMessage.ContentUse agreed) {
    return agreed == PeerMessage.ContentUse.NAMES_AND_ZSTD;
  }

  /** What a source may compress with, by what was agreed. */
  static Compression compression(PeerMessage.ContentUse agreed) {
    return packs(agreed) ? Compression.ofMachine() : Compression.NONE;
  }

  @Override
  public boolean lookup(ChunkName name, byte[] into, int offset) {
    return reader.lookup(name, into, offset);
  }

  @Override
  public void arrived(ChunkName name, byte[] bytes, int offset) {
    kept.ifPresent(queue -> queue.add(name, bytes, offset));
  }

  /** To be called when nobody looks up any more. */
  @Override
  public void close() {
    reader.close();
  }
}
