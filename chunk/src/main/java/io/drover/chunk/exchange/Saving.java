package io.drover.chunk.exchange;

/**
 * What an exchange spared so far.
 *
 * @param chunks that were named
 * @param wanted of them, which were sent
 */
public record Saving(long chunks, long wanted) {}
