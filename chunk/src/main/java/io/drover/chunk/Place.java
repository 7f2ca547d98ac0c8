package io.drover.chunk;

/** A source and the number of a chunk in it, in one {@code long}: 24 and 40 bits. */
final class Place {
  static final int MAX_SOURCE = (1 << 24) - 1;
  static final int BLOCK_BITS = 40;
  static final long MAX_BLOCK = (1L << BLOCK_BITS) - 1;

  private Place() {}

  /** Never {@link ChunkIndex#NOWHERE}, since sources are numbered from 1. */
  static long of(int source, long block) {
    if (source < 1 || source > MAX_SOURCE || block < 0 || block > MAX_BLOCK) {
      throw new IllegalArgumentException("no place: block %d of %d".formatted(block, source));
    }
    return ((long) source << BLOCK_BITS) | block;
  }

  static int source(long place) {
    return (int) (place >>> BLOCK_BITS);
  }

  static long block(long place) {
    return place & MAX_BLOCK;
  }
}
