package io.drover.api;

import java.util.Optional;

/**
 * The body of {@code PATCH /v1/migrations/ID}: what may change while it runs.
 *
 * @param bandwidthBytesPerSecond 0 lifts the limit
 * @param postCopyNow switch now, where the mode allows it
 */
public record MigrationChange(
    Optional<Long> bandwidthBytesPerSecond,
    Optional<Long> maxDowntimeMillis,
    Optional<Boolean> postCopyNow) {}
