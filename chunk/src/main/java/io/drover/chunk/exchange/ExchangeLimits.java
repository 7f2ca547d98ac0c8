package io.drover.chunk.exchange;

/** What both sides hold each other to; checked before memory is taken. */
final class ExchangeLimits {
  /** Chunks in a batch. */
  static final int CHUNKS = 32;

  /** Literal bytes in a batch. */
  static final int LITERAL_BYTES = 128 << 10;

  /** Batches whose chunks have not all arrived. */
  static final int BATCHES = 128;

  /** Bytes of the other direction in a message. */
  static final int BACK_BYTES = 128 << 10;

  private ExchangeLimits() {}
}
