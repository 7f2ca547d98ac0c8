package io.drover.qemu.nbd;

/**
 * A run of bytes in one state; where it begins follows from those before it in its list.
 *
 * @param length at least one byte
 */
public record Extent(long length, State state) {
  private static final int HOLE_BIT = 1;
  private static final int ZERO_BIT = 2;

  /** What the protocol tells about a run. */
  public enum State {
    DATA(0),
    /** Not allocated, and what it reads as is not known. */
    HOLE(HOLE_BIT),
    ZEROES(ZERO_BIT),
    HOLE_OF_ZEROES(HOLE_BIT | ZERO_BIT);

    private final int bits;

    State(int bits) {
      this.bits = bits;
    }

    int bits() {
      return bits;
    }

    static State ofBits(int bits) {
      boolean zero = (bits & ZERO_BIT) != 0;
      if ((bits & HOLE_BIT) != 0) {
        return zero ? HOLE_OF_ZEROES : HOLE;
      }
      return zero ? ZEROES : DATA;
    }
  }

  public Extent {
    if (length < 1) {
      throw new IllegalArgumentException("an extent of " + length + " bytes");
    }
  }
}
