package io.drover.chunk;

import io.drover.model.Owner;
import java.time.Instant;

/**
 * One file that holds chunks.
 *
 * @param subject the path of an image, the guest of a checkpoint, empty for the cache
 * @param names how many chunks its catalogue lists
 * @param whole whether the index had room for all of them
 */
public record SourceStatus(
    SourceKind kind,
    String subject,
    Owner owner,
    Visibility visibility,
    Grain grain,
    Instant created,
    long names,
    boolean whole) {}
