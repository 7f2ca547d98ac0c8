package io.drover.chunk.exchange;

import com.github.luben.zstd.Zstd;

/** What is done to chunks that cross. */
public enum Compression {
  NONE,
  /** One frame of Zstandard for the wanted chunks of a batch, where that is shorter. */
  ZSTD,
  /**
   * The same, also in time in which there would be nothing to do: for a link so thin that whoever
   * has nothing to do waits for it without noticing.
   */
  ZSTD_WHEN_IDLE_TOO;

  public Compression whenIdleToo() {
    return this == NONE ? NONE : ZSTD_WHEN_IDLE_TOO;
  }

  /** The best that this machine can do: the library has native code, which has to load. */
  public static Compression ofMachine() {
    try {
      return Zstd.compressBound(1) > 0 ? ZSTD : NONE;
    } catch (LinkageError e) {
      return NONE;
    }
  }
}
