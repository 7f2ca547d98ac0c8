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
    Optional<String> dedup,
    Optional<String> storage,
    Optional<Boolean> dryRun) {

  /** A move in which the agent chooses everything. */
  public static MigrationRequest of(String guest, String to) {
    return new MigrationRequest(
        guest,
        to,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /** The same wishes for another move. */
  public MigrationRequest between(String otherGuest, String otherHost) {
    return new MigrationRequest(
        otherGuest,
        otherHost,
        mode,
        transport,
        bandwidthBytesPerSecond,
        maxDowntimeMillis,
        parallelChannels,
        dedup,
        storage,
        dryRun);
  }

  public MigrationRequest withMode(String word) {
    return new MigrationRequest(
        guest,
        to,
        Optional.of(word),
        transport,
        bandwidthBytesPerSecond,
        maxDowntimeMillis,
        parallelChannels,
        dedup,
        storage,
        dryRun);
  }

  public MigrationRequest withTransport(String word) {
    return new MigrationRequest(
        guest,
        to,
        mode,
        Optional.of(word),
        bandwidthBytesPerSecond,
        maxDowntimeMillis,
        parallelChannels,
        dedup,
        storage,
        dryRun);
  }

  public MigrationRequest withBandwidth(long bytesPerSecond) {
    return new MigrationRequest(
        guest,
        to,
        mode,
        transport,
        Optional.of(bytesPerSecond),
        maxDowntimeMillis,
        parallelChannels,
        dedup,
        storage,
        dryRun);
  }

  public MigrationRequest withParallelChannels(int channels) {
    return new MigrationRequest(
        guest,
        to,
        mode,
        transport,
        bandwidthBytesPerSecond,
        maxDowntimeMillis,
        Optional.of(channels),
        dedup,
        storage,
        dryRun);
  }

  public MigrationRequest withDedup(String word) {
    return new MigrationRequest(
        guest,
        to,
        mode,
        transport,
        bandwidthBytesPerSecond,
        maxDowntimeMillis,
        parallelChannels,
        Optional.of(word),
        storage,
        dryRun);
  }

  public MigrationRequest withStorage(String word) {
    return new MigrationRequest(
        guest,
        to,
        mode,
        transport,
        bandwidthBytesPerSecond,
        maxDowntimeMillis,
        parallelChannels,
        dedup,
        Optional.of(word),
        dryRun);
  }

  public MigrationRequest asDryRun() {
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
        dedup,
        storage,
        wanted);
  }
}
