package io.drover.api;

import java.util.Optional;

/**
 * The body of {@code POST /v1/migrations}. With {@code dryRun} the answer is a {@link CheckReport},
 * else the new {@link MigrationView}.
 */
public record MigrationRequest(
    String guest,
    String to,
    Optional<String> mode,
    Optional<String> transport,
    Optional<Long> bandwidthBytesPerSecond,
    Optional<Long> maxDowntimeMillis,
    Optional<Integer> parallelChannels,
    Optional<Boolean> dryRun) {

  MigrationRequest asDryRun() {
    return withDryRun(Optional.of(true));
  }

  MigrationRequest asOrder() {
    return withDryRun(Optional.empty());
  }

  private MigrationRequest withDryRun(Optional<Boolean> wanted) {
    return new MigrationRequest(
        guest,
        to,
        mode,
        transport,
        bandwidthBytesPerSecond,
        maxDowntimeMillis,
        parallelChannels,
        wanted);
  }
}
