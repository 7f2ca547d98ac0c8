package io.drover.chunk;

import java.nio.file.Path;
import java.util.Optional;

/** One file that holds chunks: an image, a checkpoint or a segment of the cache. */
final class Source {
  private final int id;
  private final Path file;
  private final Path catalogue;
  private final Domain domain;
  private final long order;
  private volatile Description about;
  private volatile Contents contents;
  private volatile boolean indexed;
  private volatile boolean whole = true;
  private volatile boolean gone;
  private volatile Optional<PackWriter> writer = Optional.empty();

  /**
   * What the file held when it was read.
   *
   * @param catalogueBytes how long the catalogue is; 0 as long as there is none
   */
  record Contents(FileIdentity identity, long names, long catalogueBytes) {}

  /**
   * @param order of packs, which is the number in their file's name
   */
  Source(int id, Path file, Path catalogue, long order, Description about, Contents contents) {
    this.id = id;
    this.file = file;
    this.catalogue = catalogue;
    this.order = order;
    this.about = about;
    this.domain = about.domain();
    this.contents = contents;
  }

  int id() {
    return id;
  }

  Path file() {
    return file;
  }

  Path catalogue() {
    return catalogue;
  }

  Domain domain() {
    return domain;
  }

  /** The smaller, the older among sources of its kind. */
  long order() {
    return about.kind() == SourceKind.IMAGE ? about.created().toEpochMilli() : order;
  }

  Description about() {
    return about;
  }

  Contents contents() {
    return contents;
  }

  /** A catalogue was written, on the same terms as before. */
  void renew(Description newAbout, Contents newContents) {
    about = newAbout;
    contents = newContents;
  }

  /** Its last chunks are still with the writer. */
  void growsWith(PackWriter pack) {
    writer = Optional.of(pack);
  }

  void isWritten() {
    writer = Optional.empty();
  }

  /** Copies a chunk that has not reached the file yet; answers whether there is one. */
  boolean readUnwritten(long block, byte[] into, int offset) {
    Optional<PackWriter> pack = writer;
    return pack.isPresent() && pack.get().read(block, into, offset);
  }

  /** Whether it has names in the index. */
  boolean isIndexed() {
    return indexed;
  }

  /** Whether all its names were offered to the index and found room. */
  boolean isWhole() {
    return whole;
  }

  boolean isGone() {
    return gone;
  }

  void setIndexed() {
    if (!indexed) {
      indexed = true;
    }
  }

  void setWhole() {
    whole = true;
  }

  void setPartly() {
    whole = false;
  }

  void setUnindexed() {
    indexed = false;
    whole = false;
  }

  void setGone() {
    gone = true;
  }

  SourceStatus status() {
    Description now = about;
    Contents held = contents;
    return new SourceStatus(
        now.kind(),
        now.subject(),
        now.owner(),
        now.visibility(),
        now.grain(),
        now.created(),
        held.names(),
        whole);
  }
}
