package io.drover.chunk;

import io.drover.model.Owner;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;

/** The parts of a catalogue as bytes, big-endian; docs/chunk-format.md has the tables. */
final class CatalogueFormat {
  static final int HEAD_BYTES = 28;
  static final int RUN_HEAD_BYTES = Long.BYTES + Integer.BYTES;
  static final int MAX_RUN = 4096;
  static final int TAIL_BYTES = 3 * Long.BYTES;

  private static final long MAGIC = 0x44524f5645524354L; // DROVERCT
  private static final short VERSION = 1;

  private CatalogueFormat() {}

  /** The first part of the head, which says how long the texts behind it are. */
  record Head(
      SourceKind kind,
      Visibility visibility,
      Grain grain,
      Instant created,
      int ownerBytes,
      int subjectBytes) {}

  static byte[] describe(Description about) {
    byte[] owner = about.owner().value().getBytes(StandardCharsets.UTF_8);
    byte[] subject = about.subject().getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(HEAD_BYTES + owner.length + subject.length)
        .putLong(MAGIC)
        .putShort(VERSION)
        .put((byte) about.kind().code())
        .put((byte) about.visibility().code())
        .putInt(about.grain().bytes())
        .putLong(about.created().toEpochMilli())
        .putShort((short) owner.length)
        .putShort((short) subject.length)
        .put(owner)
        .put(subject)
        .array();
  }

  static Head head(Path file, byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    if (in.getLong() != MAGIC) {
      throw damaged(file, "it does not begin as a catalogue");
    }
    int version = Short.toUnsignedInt(in.getShort());
    if (version != VERSION) {
      throw Problem.host(
              "catalogue-version",
              "%s is a catalogue of version %d; this Drover knows version %d"
                  .formatted(file, version, VERSION),
              "Use the Drover that wrote it, or remove it: it can be made anew.")
          .asException();
    }
    SourceKind kind = kind(file, in.get());
    Visibility visibility = visibility(file, in.get());
    Grain grain = grain(file, in.getInt());
    Instant created = Instant.ofEpochMilli(in.getLong());
    int ownerBytes = Short.toUnsignedInt(in.getShort());
    int subjectBytes = Short.toUnsignedInt(in.getShort());
    if (subjectBytes > Description.MAX_SUBJECT_BYTES) {
      throw damaged(file, "it has a subject of %d bytes".formatted(subjectBytes));
    }
    return new Head(kind, visibility, grain, created, ownerBytes, subjectBytes);
  }

  static Description describe(Path file, Head head, byte[] owner, byte[] subject) {
    try {
      return new Description(
          head.kind(),
          new Owner(text(owner)),
          head.visibility(),
          head.grain(),
          head.created(),
          text(subject));
    } catch (CharacterCodingException | ProblemException e) {
      throw damaged(file, "its texts are not as they should be");
    }
  }

  private static String text(byte[] bytes) throws CharacterCodingException {
    return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
  }

  static byte[] tail(FileIdentity identity) {
    return ByteBuffer.allocate(TAIL_BYTES)
        .putLong(identity.size())
        .putLong(identity.inode())
        .putLong(identity.modifiedNanos())
        .array();
  }

  static FileIdentity tail(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    return new FileIdentity(in.getLong(), in.getLong(), in.getLong());
  }

  private static SourceKind kind(Path file, int code) {
    for (SourceKind kind : SourceKind.values()) {
      if (kind.code() == code) {
        return kind;
      }
    }
    throw damaged(file, "it is of kind %d".formatted(code));
  }

  private static Visibility visibility(Path file, int code) {
    for (Visibility visibility : Visibility.values()) {
      if (visibility.code() == code) {
        return visibility;
      }
    }
    throw damaged(file, "it has visibility %d".formatted(code));
  }

  private static Grain grain(Path file, int bytes) {
    try {
      return new Grain(bytes);
    } catch (ProblemException e) {
      throw damaged(file, "it has chunks of %d bytes".formatted(bytes));
    }
  }

  static ProblemException damaged(Path file, String how) {
    return Problem.host(
            "catalogue-damaged",
            "The catalogue %s cannot be trusted: %s".formatted(file, how),
            "Nothing is lost but time: an image's catalogue is made anew when the image is indexed,"
                + " others go when the store is cleaned up.")
        .asException();
  }
}
