package io.drover.chunk;

import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * Gives chunks their names. Takes no memory but the name itself; belongs to one thread. SHA-256 is
 * an intrinsic of the JDK, which uses the processor's instructions for it.
 */
public final class ChunkNamer {
  /** The name of a page of zeros. */
  public static final ChunkName ZERO_PAGE =
      new ChunkNamer(Grain.PAGE).name(new byte[Grain.PAGE.bytes()], 0);

  private static final int DIGEST_BYTES = 32;

  private final MessageDigest sha256 = sha256();
  private final byte[] digest = new byte[DIGEST_BYTES];
  private final Grain grain;
  private final ChunkName zeros;

  public ChunkNamer(Grain grain) {
    this.grain = grain;
    this.zeros = hash(new byte[grain.bytes()], 0);
  }

  /** The name of the chunk at {@code offset}; one that is all zero is not hashed. */
  public ChunkName name(byte[] bytes, int offset) {
    return isZero(bytes, offset) ? zeros : hash(bytes, offset);
  }

  /** Whether the chunk at {@code offset} is all zero. Such chunks are in no store. */
  public boolean isZero(byte[] bytes, int offset) {
    int end = offset + grain.bytes();
    // Every byte equals its neighbour; the comparison is an intrinsic, and mostly ends at once.
    return bytes[offset] == 0
        && Arrays.mismatch(bytes, offset, end - 1, bytes, offset + 1, end) < 0;
  }

  /** The name of a chunk that is known not to be zero. */
  ChunkName hash(byte[] bytes, int offset) {
    sha256.update(bytes, offset, grain.bytes());
    return finish(sha256, digest);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException("every JDK has SHA-256", missing);
    }
  }

  /** The name of all that {@code sha256} took. */
  static ChunkName finish(MessageDigest sha256, byte[] scratch) {
    try {
      sha256.digest(scratch, 0, DIGEST_BYTES);
    } catch (DigestException tooShort) {
      throw new IllegalStateException("no room for a digest", tooShort);
    }
    return ChunkName.read(scratch, 0);
  }

  static ChunkName finish(MessageDigest sha256) {
    return finish(sha256, new byte[DIGEST_BYTES]);
  }
}
