package io.drover.chunk;

import io.drover.model.ByteSize;

/**
 * What cleaning up did.
 *
 * @param removed images that are no longer there and files that could not be used
 * @param freed on disk
 * @param found names that the index did not have and has room for
 */
public record GcReport(long removed, ByteSize freed, long found) {}
