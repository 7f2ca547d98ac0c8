package io.drover.chunk.exchange;

/**
 * What an exchange spared so far.
 *
 * @param chunks that were named, with an answer
 * @param wanted of them, which are sent
 * @param packedBytes that compression made of what was sent less
 */
public record Saving(long chunks, long wanted, long packedBytes) {}
