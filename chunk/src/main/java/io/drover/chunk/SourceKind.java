package io.drover.chunk;

/** What a source is; when the index is full, names of later kinds make room for earlier ones. */
public enum SourceKind {
  /** A disk image, read where it lies. */
  IMAGE(1),
  /** Memory of a guest that left. */
  CHECKPOINT(2),
  /** Chunks that came over the network. */
  CACHE(3),
  /** A guest's disk that came over the network, found for as long as the agent runs. */
  DISK(4);

  private final int code;

  SourceKind(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
