package io.drover.api;

import java.util.Optional;
import java.util.function.Consumer;

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
    Optional<String> storageChain,
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
        Optional.empty(),
        Optional.empty());
  }

  /** The same wishes for another move. */
  public MigrationRequest between(String otherGuest, String otherHost) {
    return edited(
        draft -> {
          draft.guest = otherGuest;
          draft.to = otherHost;
        });
  }

  public MigrationRequest withMode(String word) {
    return edited(draft -> draft.mode = Optional.of(word));
  }

  public MigrationRequest withTransport(String word) {
    return edited(draft -> draft.transport = Optional.of(word));
  }

  public MigrationRequest withBandwidth(long bytesPerSecond) {
    return edited(draft -> draft.bandwidthBytesPerSecond = Optional.of(bytesPerSecond));
  }

  public MigrationRequest withParallelChannels(int channels) {
    return edited(draft -> draft.parallelChannels = Optional.of(channels));
  }

  public MigrationRequest withDedup(String word) {
    return edited(draft -> draft.dedup = Optional.of(word));
  }

  public MigrationRequest withStorage(String word) {
    return edited(draft -> draft.storage = Optional.of(word));
  }

  public MigrationRequest withStorageChain(String word) {
    return edited(draft -> draft.storageChain = Optional.of(word));
  }

  public MigrationRequest asDryRun() {
    return edited(draft -> draft.dryRun = Optional.of(true));
  }

  MigrationRequest asOrder() {
    return edited(draft -> draft.dryRun = Optional.empty());
  }

  private MigrationRequest edited(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.request();
  }

  /** A changeable copy, so that a change names what it changes. */
  private static final class Draft {
    private String guest;
    private String to;
    private Optional<String> mode;
    private Optional<String> transport;
    private Optional<Long> bandwidthBytesPerSecond;
    private final Optional<Long> maxDowntimeMillis;
    private Optional<Integer> parallelChannels;
    private Optional<String> dedup;
    private Optional<String> storage;
    private Optional<String> storageChain;
    private Optional<Boolean> dryRun;

    Draft(MigrationRequest from) {
      guest = from.guest;
      to = from.to;
      mode = from.mode;
      transport = from.transport;
      bandwidthBytesPerSecond = from.bandwidthBytesPerSecond;
      maxDowntimeMillis = from.maxDowntimeMillis;
      parallelChannels = from.parallelChannels;
      dedup = from.dedup;
      storage = from.storage;
      storageChain = from.storageChain;
      dryRun = from.dryRun;
    }

    MigrationRequest request() {
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
          storageChain,
          dryRun);
    }
  }
}
