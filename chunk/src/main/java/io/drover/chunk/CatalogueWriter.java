package io.drover.chunk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;

/**
 * Writes a catalogue in order of position, in the memory of one run. It has its name only once it
 * is whole; closed before that it never was.
 */
final class CatalogueWriter implements AutoCloseable {
  private final Disk disk;
  private final Path file;
  private final Path temporary;
  private final FileChannel channel;
  private final MessageDigest sha256 = ChunkNamer.sha256();
  private final byte[] run =
      new byte[CatalogueFormat.RUN_HEAD_BYTES + CatalogueFormat.MAX_RUN * ChunkName.BYTES];
  private long firstInRun;
  private int inRun;
  private long names;
  private long bytes;

  CatalogueWriter(Disk disk, Path file, Description about) throws IOException {
    this.disk = disk;
    this.file = file;
    this.temporary = Disk.temporary(file);
    this.channel = disk.create(temporary);
    try {
      byte[] head = CatalogueFormat.describe(about);
      write(head, head.length);
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  /** How long a catalogue of chunks without gaps becomes. */
  static long bytes(Description about, long names) {
    long runs = Math.ceilDiv(names, (long) CatalogueFormat.MAX_RUN) + 1;
    return CatalogueFormat.describe(about).length
        + runs * CatalogueFormat.RUN_HEAD_BYTES
        + (names + 1) * ChunkName.BYTES
        + CatalogueFormat.TAIL_BYTES;
  }

  /** What the next name after so many without gaps adds. */
  static long bytesOfNext(long names) {
    long runHead = names % CatalogueFormat.MAX_RUN == 0 ? CatalogueFormat.RUN_HEAD_BYTES : 0;
    return runHead + ChunkName.BYTES;
  }

  /**
   * @param block greater than all before
   */
  void add(long block, ChunkName name) throws IOException {
    if (inRun == CatalogueFormat.MAX_RUN || (inRun > 0 && block != firstInRun + inRun)) {
      writeRun();
    }
    if (inRun == 0) {
      firstInRun = block;
    }
    name.write(run, CatalogueFormat.RUN_HEAD_BYTES + inRun * ChunkName.BYTES);
    inRun++;
    names++;
  }

  long names() {
    return names;
  }

  /** Ends the catalogue and gives it its name; answers how long it is. */
  long commit(FileIdentity identity) throws IOException {
    if (inRun > 0) {
      writeRun();
    }
    firstInRun = 0;
    writeRun();
    byte[] tail = CatalogueFormat.tail(identity);
    write(tail, tail.length);
    byte[] checksum = new byte[ChunkName.BYTES];
    ChunkNamer.finish(sha256).write(checksum, 0);
    Disk.write(channel, checksum, 0, checksum.length);
    bytes += checksum.length;
    disk.publish(channel, temporary, file);
    return bytes;
  }

  private void writeRun() throws IOException {
    ByteBuffer.wrap(run).putLong(firstInRun).putInt(inRun);
    write(run, CatalogueFormat.RUN_HEAD_BYTES + inRun * ChunkName.BYTES);
    inRun = 0;
  }

  private void write(byte[] part, int length) throws IOException {
    Disk.write(channel, part, 0, length);
    sha256.update(part, 0, length);
    bytes += length;
  }

  @Override
  public void close() throws IOException {
    channel.close();
    Files.deleteIfExists(temporary);
  }
}
