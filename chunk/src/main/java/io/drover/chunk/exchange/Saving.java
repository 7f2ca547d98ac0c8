package io.drover.chunk.exchange;

/**
 * What an exchange spared so far.
 *
 * @param chunks that were named, with an answer
 * @param wanted of them, which are sent
 */
public record Saving(long chunks, long wanted) {}
