package io.drover.chunk;

import io.drover.model.Problem;

/**
 * How long the chunks of a file are; each begins at a multiple of it. What is left at the end of a
 * file and shorter has no name.
 */
public record Grain(int bytes) {
  /** A page of memory, and the default for everything. */
  public static final Grain PAGE = new Grain(4096);

  private static final int MIN_BYTES = 1 << 12;
  private static final int MAX_BYTES = 1 << 20;

  public Grain {
    if (bytes < MIN_BYTES || bytes > MAX_BYTES || Integer.bitCount(bytes) != 1) {
      throw Problem.usage(
              "bad-grain",
              "Chunks of %d bytes are not possible".formatted(bytes),
              "Choose a power of two from 4096 to 1048576.")
          .asException();
    }
  }

  /** How many whole chunks a file of {@code size} bytes has. */
  long chunksIn(long size) {
    return size / bytes;
  }
}
