package io.drover.chunk;

import io.drover.model.Owner;
import io.drover.model.Problem;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * What a catalogue says of its source before it lists names.
 *
 * @param created when the catalogue was begun
 * @param subject the path of an image, the guest of a checkpoint, empty for the cache
 */
record Description(
    SourceKind kind,
    Owner owner,
    Visibility visibility,
    Grain grain,
    Instant created,
    String subject) {
  static final int MAX_SUBJECT_BYTES = 4096;

  Description {
    if (subject.getBytes(StandardCharsets.UTF_8).length > MAX_SUBJECT_BYTES) {
      throw Problem.usage(
              "name-too-long",
              "'%s...' has more than %d bytes"
                  .formatted(subject.substring(0, 40), MAX_SUBJECT_BYTES),
              "Use a shorter path.")
          .asException();
    }
  }

  Domain domain() {
    return Domain.of(owner, visibility);
  }

  /** Whether the same chunks may be given to the same guests. */
  boolean hasTermsOf(Description other) {
    return kind == other.kind
        && owner.equals(other.owner)
        && visibility == other.visibility
        && grain.equals(other.grain)
        && subject.equals(other.subject);
  }
}
