package io.drover.chunk;

import io.drover.model.Owner;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * Among whom content is shared. It is part of the key in the index: what another owner holds is not
 * found and then refused, it is not found.
 *
 * @param salt mixed into names; 0 is the public domain
 */
public record Domain(long salt) {
  public static final Domain PUBLIC = new Domain(0);

  public static Domain of(Owner owner) {
    MessageDigest sha256 = ChunkNamer.sha256();
    sha256.update(("drover owner " + owner).getBytes(StandardCharsets.UTF_8));
    long salt = ChunkNamer.finish(sha256).first();
    return new Domain(salt == 0 ? 1 : salt);
  }

  static Domain of(Owner owner, Visibility visibility) {
    return switch (visibility) {
      case PUBLIC -> PUBLIC;
      case OWNER -> of(owner);
    };
  }
}
