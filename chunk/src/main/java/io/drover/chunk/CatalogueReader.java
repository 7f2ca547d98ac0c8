package io.drover.chunk;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/**
 * Reads a catalogue in the memory of one run. Opening goes through all of it and refuses what is
 * damaged, with a {@link io.drover.model.ProblemException}; only then can names be had.
 */
final class CatalogueReader implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 16;

  private final Path file;
  private final FileChannel channel;
  private InputStream in;
  private final MessageDigest sha256 = ChunkNamer.sha256();
  private final byte[] run = new byte[CatalogueFormat.MAX_RUN * ChunkName.BYTES];
  private final byte[] runHead = new byte[CatalogueFormat.RUN_HEAD_BYTES];
  private final Description about;
  private final FileIdentity identity;
  private final long firstRun;
  private final long names;
  private long firstInRun;
  private int inRun;
  private int at;
  private long end;
  private State state = State.IN_RUNS;

  private enum State {
    IN_RUNS,
    ENDED
  }

  /**
   * @throws java.nio.file.NoSuchFileException if there is none
   * @throws IOException if it cannot be read
   */
  CatalogueReader(Path file) throws IOException {
    this.file = file;
    this.channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      this.in = stream();
      this.about = readAbout();
      this.firstRun =
          CatalogueFormat.describe(about).length; // what was read encodes to the same bytes
      this.names = readAll();
      this.identity = readTail();
      rewind();
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  Description about() {
    return about;
  }

  FileIdentity identity() {
    return identity;
  }

  long names() {
    return names;
  }

  /** Goes to the next chunk, if there is one. */
  boolean next() throws IOException {
    if (at + 1 < inRun) {
      at++;
      return true;
    }
    if (state == State.ENDED) {
      return false;
    }
    readRun();
    return state == State.IN_RUNS;
  }

  long block() {
    return firstInRun + at;
  }

  ChunkName name() {
    return ChunkName.read(run, at * ChunkName.BYTES);
  }

  private void rewind() throws IOException {
    channel.position(firstRun);
    in = stream();
    inRun = 0;
    at = 0;
    end = 0;
    state = State.IN_RUNS;
  }

  private InputStream stream() {
    return new BufferedInputStream(Channels.newInputStream(channel), BUFFER_BYTES);
  }

  private Description readAbout() throws IOException {
    byte[] head = new byte[CatalogueFormat.HEAD_BYTES];
    read(head, head.length);
    CatalogueFormat.Head parsed = CatalogueFormat.head(file, head);
    byte[] owner = new byte[parsed.ownerBytes()];
    read(owner, owner.length);
    byte[] subject = new byte[parsed.subjectBytes()];
    read(subject, subject.length);
    return CatalogueFormat.describe(file, parsed, owner, subject);
  }

  private long readAll() throws IOException {
    long count = 0;
    while (state == State.IN_RUNS) {
      readRun();
      count += inRun;
    }
    return count;
  }

  private void readRun() throws IOException {
    read(runHead, runHead.length);
    ByteBuffer head = ByteBuffer.wrap(runHead);
    long first = head.getLong();
    int count = head.getInt();
    if (count == 0 && first == 0) {
      state = State.ENDED;
      inRun = 0;
      at = 0;
      return;
    }
    if (count < 1 || count > CatalogueFormat.MAX_RUN) {
      throw CatalogueFormat.damaged(file, "it has a run of %d names".formatted(count));
    }
    if (first < end || first > Place.MAX_BLOCK - count) {
      throw CatalogueFormat.damaged(file, "block %d follows block %d".formatted(first, end));
    }
    read(run, count * ChunkName.BYTES);
    firstInRun = first;
    inRun = count;
    at = 0;
    end = first + count;
  }

  private FileIdentity readTail() throws IOException {
    byte[] tail = new byte[CatalogueFormat.TAIL_BYTES];
    read(tail, tail.length);
    FileIdentity found = CatalogueFormat.tail(tail);
    ChunkName computed = ChunkNamer.finish(sha256);
    byte[] checksum = new byte[ChunkName.BYTES];
    read(checksum, checksum.length);
    if (!ChunkName.read(checksum, 0).equals(computed)) {
      throw CatalogueFormat.damaged(file, "its checksum does not match");
    }
    if (in.read() >= 0) {
      throw CatalogueFormat.damaged(file, "it goes on after its end");
    }
    if (end > about.grain().chunksIn(found.size())) {
      throw CatalogueFormat.damaged(
          file, "it has block %d of a file of %d bytes".formatted(end - 1, found.size()));
    }
    return found;
  }

  private void read(byte[] into, int length) throws IOException {
    if (in.readNBytes(into, 0, length) < length) {
      throw CatalogueFormat.damaged(file, "it ends too early");
    }
    sha256.update(into, 0, length);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
