package io.drover.qemu.nbd;

/**
 * What a device wants its requests to be.
 *
 * @param minimum offsets and lengths are multiples of it
 * @param preferred smaller requests cost more than they carry
 * @param maximum the most that one request reads or writes; zeroing and trimming may be longer
 */
public record BlockSizes(int minimum, int preferred, int maximum) {
  /** Any offset and length, up to what any peer has to take. */
  public static final BlockSizes BYTES = new BlockSizes(1, 4096, Nbd.MAX_PAYLOAD_BYTES);

  private static final int MAX_MINIMUM = 1 << 16;
  private static final int MIN_PREFERRED = 512;

  public BlockSizes {
    if (Integer.bitCount(minimum) != 1 || minimum < 1 || minimum > MAX_MINIMUM) {
      throw new IllegalArgumentException("minimum block size " + minimum);
    }
    if (Integer.bitCount(preferred) != 1 || preferred < Math.max(minimum, MIN_PREFERRED)) {
      throw new IllegalArgumentException("preferred block size " + preferred);
    }
    if (maximum < preferred || maximum > Nbd.MAX_PAYLOAD_BYTES || maximum % minimum != 0) {
      throw new IllegalArgumentException("maximum block size " + maximum);
    }
  }

  boolean fit(long offset, long length) {
    return ((offset | length) & (minimum - 1)) == 0;
  }
}
