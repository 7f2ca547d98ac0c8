package io.drover.chunk;

import io.drover.model.ByteSize;
import java.io.IOException;
import java.nio.file.NoSuchFileException;

/**
 * Writes the memory of a guest that leaves. It counts once it is finished, and then takes the place
 * of an earlier one of the guest; closed before that it never was. Belongs to one thread.
 */
public final class CheckpointWriter implements AutoCloseable {
  /** What became of a chunk. */
  public enum Added {
    ADDED,
    /** It is in this checkpoint already, or all zero. */
    KNOWN,
    /** The bound on disk is reached, and all that is older is gone; what is in it may be kept. */
    FULL
  }

  private final Shelf shelf;
  private final Holdings holdings;
  private final PackWriter pack;
  private final ChunkIndex seen;
  private long reserved;
  private State state = State.OPEN;

  private enum State {
    OPEN,
    FINISHED,
    CLOSED
  }

  CheckpointWriter(Shelf shelf, Holdings holdings, PackWriter pack, ByteSize seenLimit) {
    this.seen = new ChunkIndex(seenLimit);
    this.shelf = shelf;
    this.holdings = holdings;
    this.pack = pack;
    this.reserved = pack.bytes();
  }

  /**
   * Adds the page at {@code offset}, which has {@code name}.
   *
   * @throws io.drover.model.ProblemException if the disk cannot be written; close it then
   */
  public Added add(ChunkName name, byte[] bytes, int offset) {
    if (name.equals(ChunkNamer.ZERO_PAGE) || seen.find(name, Domain.PUBLIC) != ChunkIndex.NOWHERE) {
      return Added.KNOWN;
    }
    try {
      if (shelf.append(pack, name, bytes, offset).isEmpty()) {
        return Added.FULL;
      }
    } catch (IOException e) {
      throw Disk.unwritable(pack.pack(), e);
    }
    reserved = pack.bytes();
    seen.offer(name, Domain.PUBLIC, Place.of(1, 0));
    return Added.ADDED;
  }

  /** Ends the checkpoint and puts its names into the index. */
  public void finish() {
    if (state != State.OPEN) {
      throw new IllegalStateException("the checkpoint is " + state);
    }
    try {
      Source.Contents contents = pack.seal();
      state = State.FINISHED;
      pack.close();
      Source source = shelf.replace(pack, contents);
      index(source);
    } catch (IOException e) {
      throw Disk.unwritable(pack.pack(), e);
    }
  }

  private void index(Source source) throws IOException {
    try (CatalogueReader names = new CatalogueReader(source.catalogue())) {
      holdings.offerAll(source, names);
    } catch (NoSuchFileException e) {
      if (!source.isGone()) { // another one may have needed the room already
        throw e;
      }
    }
  }

  @Override
  public void close() {
    if (state == State.OPEN) {
      state = State.CLOSED;
      try {
        shelf.abandon(pack, reserved);
      } catch (IOException e) {
        throw Disk.unwritable(pack.pack(), e);
      }
    }
  }
}
