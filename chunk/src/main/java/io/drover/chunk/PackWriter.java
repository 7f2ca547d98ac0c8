package io.drover.chunk;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Appends chunks to a pack, one after the other. The pack counts from the moment its catalogue has
 * its name; one without a catalogue is what a crash left.
 */
final class PackWriter implements AutoCloseable {
  private final Path pack;
  private final Path catalogueFile;
  private final long order;
  private final Description about;
  private final FileChannel channel;
  private final CatalogueWriter catalogue;
  private State state = State.OPEN;

  private enum State {
    OPEN,
    SEALED
  }

  /** Whether the chunks have to survive a power cut; a kill they survive anyway. */
  enum Durability {
    FORCED,
    /** What is lost is noticed when it is hashed. */
    LEFT_TO_THE_KERNEL
  }

  PackWriter(Disk disk, Path pack, Path catalogueFile, long order, Description about)
      throws IOException {
    this.pack = pack;
    this.catalogueFile = catalogueFile;
    this.order = order;
    this.about = about;
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
  long append(ChunkName name, byte[] bytes, int offset) throws IOException {
    long block = catalogue.names();
    Disk.write(channel, bytes, offset, about.grain().bytes());
    catalogue.add(block, name);
    return block;
  }

  long names() {
    return catalogue.names();
  }

  Source.Contents seal(Durability durability) throws IOException {
    switch (durability) {
      case FORCED -> channel.force(true);
      case LEFT_TO_THE_KERNEL -> {}
    }
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
