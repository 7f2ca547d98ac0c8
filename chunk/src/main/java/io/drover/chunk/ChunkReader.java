package io.drover.chunk;

import io.drover.model.Owner;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Gives an owner's guest chunks by name: what is the owner's, and what is public. Belongs to one
 * thread; other threads have readers of their own. It keeps the files open that it read from, so
 * that a file removed meanwhile gives its space back when the reader is closed.
 */
public final class ChunkReader implements AutoCloseable {
  private final Holdings holdings;
  private final Domain own;
  private final Grain grain;
  private final ChunkNamer namer;
  private final Map<Source, FileChannel> open = new HashMap<>();

  ChunkReader(Holdings holdings, Owner owner, Grain grain) {
    this.holdings = holdings;
    this.own = Domain.of(owner);
    this.grain = grain;
    this.namer = new ChunkNamer(grain);
  }

  /** Whether the chunk is probably here. Reads nothing, so it may be wrong. */
  public boolean holds(ChunkName name) {
    ChunkIndex index = holdings.index();
    return index.find(name, own) != ChunkIndex.NOWHERE
        || index.find(name, Domain.PUBLIC) != ChunkIndex.NOWHERE;
  }

  /**
   * Puts the chunk of that name at {@code offset}, if it is here. What is found is hashed first,
   * and forgotten if it is not what it should be. Without success the bytes there are undefined.
   */
  public boolean lookup(ChunkName name, byte[] into, int offset) {
    return lookup(name, own, into, offset) || lookup(name, Domain.PUBLIC, into, offset);
  }

  private boolean lookup(ChunkName name, Domain domain, byte[] into, int offset) {
    long place = holdings.index().find(name, domain);
    if (place == ChunkIndex.NOWHERE) {
      return false;
    }
    Optional<Source> source = holdings.at(Place.source(place));
    // The index knows the domain; asked again because a number may have passed to another source.
    if (source.isPresent() && source.get().domain().equals(domain)) {
      if (!source.get().about().grain().equals(grain)) {
        return false;
      }
      if ((source.get().readUnwritten(Place.block(place), into, offset)
              || read(source.get(), Place.block(place), into, offset))
          && namer.hash(into, offset).equals(name)) {
        return true;
      }
      if (Thread.currentThread().isInterrupted()) {
        return false;
      }
    }
    holdings.index().remove(name, domain, place);
    return false;
  }

  private boolean read(Source source, long block, byte[] into, int offset) {
    try {
      FileChannel channel = open.get(source);
      // An interrupt closes the channel that is being read.
      if (channel == null || !channel.isOpen()) {
        channel = FileChannel.open(source.file(), StandardOpenOption.READ);
        open.put(source, channel);
      }
      ByteBuffer buffer = ByteBuffer.wrap(into, offset, grain.bytes());
      Disk.read(channel, buffer, block * grain.bytes());
      return !buffer.hasRemaining();
    } catch (IOException unreadable) {
      return false;
    }
  }

  @Override
  public void close() {
    for (FileChannel channel : open.values()) {
      try {
        channel.close();
      } catch (IOException e) {
        throw new IllegalStateException("a file that was only read cannot be closed", e);
      }
    }
  }
}
