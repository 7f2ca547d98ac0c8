package io.drover.chunk;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Appends chunks to a pack, one after the other. The pack counts from the moment its catalogue has
 * its name; one without a catalogue is what a crash left. One thread writes; others may read what
 * has not reached the file.
 */
final class PackWriter implements AutoCloseable {
  private final Path pack;
  private final Path catalogueFile;
  private final long order;
  private final Description about;
  private final FileChannel channel;
  private final CatalogueWriter catalogue;
  // A call of the kernel for each page would take longer than naming it.
  private final byte[] tail;
  private int tailBytes;
  private long tailBlock;
  private State state = State.OPEN;

  private enum State {
    OPEN,
    SEALED
  }

  private static final int TAIL_BYTES = 256 << 10;

  PackWriter(Disk disk, Path pack, Path catalogueFile, long order, Description about)
      throws IOException {
    this.pack = pack;
    this.catalogueFile = catalogueFile;
    this.order = order;
    this.about = about;
    this.tail = new byte[Math.max(TAIL_BYTES, about.grain().bytes())];
    this.channel = disk.create(pack);
    try {
      this.catalogue = new CatalogueWriter(disk, catalogueFile, about);
    } catch (IOException e) {
      channel.close();
      Files.deleteIfExists(pack);
      throw e;
    }
  }

  Path pack() {
    return pack;
  }

  Path catalogueFile() {
    return catalogueFile;
  }

  long order() {
    return order;
  }

  Description about() {
    return about;
  }

  /** What it takes on disk so far, its catalogue as if it were ended now. */
  long bytes() {
    return names() * about.grain().bytes() + CatalogueWriter.bytes(about, names());
  }

  /** What one more chunk takes. */
  long bytesOfNext() {
    return about.grain().bytes() + CatalogueWriter.bytesOfNext(names());
  }

  /** Answers the number of the block that the chunk became. */
  synchronized long append(ChunkName name, byte[] bytes, int offset) throws IOException {
    int grain = about.grain().bytes();
    long block = catalogue.names();
    if (tailBytes + grain > tail.length) {
      flush();
    }
    System.arraycopy(bytes, offset, tail, tailBytes, grain);
    tailBytes += grain;
    catalogue.add(block, name);
    return block;
  }

  private void flush() throws IOException {
    Disk.write(channel, tail, 0, tailBytes);
    tailBlock = catalogue.names();
    tailBytes = 0;
  }

  /** Copies a chunk that is not in the file yet; answers whether there is one. */
  synchronized boolean read(long block, byte[] into, int offset) {
    int grain = about.grain().bytes();
    long at = (block - tailBlock) * grain;
    if (at < 0 || at >= tailBytes) {
      return false;
    }
    System.arraycopy(tail, (int) at, into, offset, grain);
    return true;
  }

  long names() {
    return catalogue.names();
  }

  /** Chunks are not forced to disk: what a power cut takes is noticed when it is hashed. */
  synchronized Source.Contents seal() throws IOException {
    flush();
    FileIdentity identity = FileIdentity.of(pack);
    long catalogueBytes = catalogue.commit(identity);
    state = State.SEALED;
    return new Source.Contents(identity, catalogue.names(), catalogueBytes);
  }

  /** Removes what was written, unless it was sealed. */
  @Override
  public void close() throws IOException {
    channel.close();
    catalogue.close();
    if (state == State.OPEN) {
      Files.deleteIfExists(pack);
    }
  }
}
