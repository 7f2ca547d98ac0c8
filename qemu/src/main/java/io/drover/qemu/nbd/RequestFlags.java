package io.drover.qemu.nbd;

/**
 * How a request is to be done, in the protocol's own bits, so that passing a request on keeps all
 * it asked for.
 */
public record RequestFlags(int bits) {
  public static final RequestFlags NONE = new RequestFlags(0);

  /** Not done before what it changed is on stable storage. */
  public static final RequestFlags DURABLE = new RequestFlags(1);

  /** Zeroes that keep their space, instead of a hole. */
  public static final RequestFlags KEEP_ALLOCATED = new RequestFlags(1 << 1);

  /** Zeroes only if that is faster than writing them; refused as not supported otherwise. */
  public static final RequestFlags FAST_ONLY = new RequestFlags(1 << 4);

  static final RequestFlags DO_NOT_FRAGMENT = new RequestFlags(1 << 2);
  static final RequestFlags ONE_EXTENT = new RequestFlags(1 << 3);

  public RequestFlags {
    if (bits >>> 16 != 0) {
      throw new IllegalArgumentException("flags 0x%x".formatted(bits));
    }
  }

  public RequestFlags and(RequestFlags others) {
    return new RequestFlags(bits | others.bits);
  }

  public boolean contain(RequestFlags others) {
    return (bits & others.bits) == others.bits;
  }

  boolean within(RequestFlags allowed) {
    return (bits & ~allowed.bits) == 0;
  }
}
