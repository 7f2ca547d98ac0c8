package io.drover.chunk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * One reading of an image: every chunk is named, zeros are passed over, and only names that changed
 * are replaced in the index.
 */
final class ImageScan {
  private static final int BUFFER_BYTES = 1 << 20;

  private final Holdings holdings;
  private final Source source;
  private final Grain grain;
  private final ChunkNamer namer;
  private final OldNames old;
  private final CatalogueWriter fresh;
  private long changed;
  // A source that finds no room in the index once finds none for the rest.
  private boolean room = true;

  ImageScan(Holdings holdings, Source source, Grain grain, OldNames old, CatalogueWriter fresh) {
    this.holdings = holdings;
    this.source = source;
    this.grain = grain;
    this.namer = new ChunkNamer(grain);
    this.old = old;
    this.fresh = fresh;
  }

  /**
   * @param size that the catalogue will give; what a guest adds meanwhile is not read
   */
  void read(Path image, long size) throws IOException {
    long chunks = grain.chunksIn(size);
    byte[] bytes = new byte[BUFFER_BYTES];
    try (FileChannel in = FileChannel.open(image, StandardOpenOption.READ)) {
      long block = 0;
      int got;
      do {
        int wanted = (int) Math.min(BUFFER_BYTES / grain.bytes(), chunks - block);
        ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, wanted * grain.bytes());
        Disk.read(in, buffer, block * grain.bytes());
        got = buffer.position() / grain.bytes();
        for (int i = 0; i < got; i++) {
          chunk(block++, bytes, i * grain.bytes());
        }
      } while (got > 0);
    }
    for (long block = old.rest(); block < Place.MAX_BLOCK; block = old.rest()) {
      replace(old.take(block), block);
    }
    if (room) {
      source.setWhole();
    }
  }

  long changed() {
    return changed;
  }

  private void chunk(long block, byte[] bytes, int offset) throws IOException {
    Optional<ChunkName> before = old.take(block);
    if (namer.isZero(bytes, offset)) {
      replace(before, block);
      return;
    }
    ChunkName name = namer.hash(bytes, offset);
    fresh.add(block, name);
    if (before.isEmpty() || !before.get().equals(name)) {
      replace(before, block);
      if (before.isEmpty()) {
        changed++;
      }
    }
    room = room && holdings.offer(source, name, block);
  }

  private void replace(Optional<ChunkName> before, long block) {
    if (before.isPresent()) {
      holdings.remove(source, before.get(), block);
      changed++;
    }
  }
}
