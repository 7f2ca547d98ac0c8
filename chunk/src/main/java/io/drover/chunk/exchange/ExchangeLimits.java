package io.drover.chunk.exchange;

/** What both sides hold each other to; checked before memory is taken. */
final class ExchangeLimits {
  /** Chunks in a batch. */
  static final int CHUNKS = 32;

  /** Literal bytes in a batch. */
  static final int LITERAL_BYTES = 128 << 10;

  /** Batches whose chunks have not all arrived, and those behind them. */
  static final int BATCHES = 128;

  /** Literal bytes of all of these: the receiver has to hold them until their turn comes. */
  static final int LITERALS_AT_ONCE = 512 << 10;

  /** Bytes of the other direction in a message. */
  static final int BACK_BYTES = 128 << 10;

  private ExchangeLimits() {}
}
