package io.drover.chunk.exchange;

/**
 * What an exchange spared so far.
 *
 * @param chunks that were named, with an answer
 * @param wanted of them, which are sent
 * @param packedBytes that compression made of what was sent less
 */
public record Saving(long chunks, long wanted, long packedBytes) {
  public static final Saving NOTHING = new Saving(0, 0, 0);

  public Saving plus(Saving more) {
    return new Saving(chunks + more.chunks, wanted + more.wanted, packedBytes + more.packedBytes);
  }
}
