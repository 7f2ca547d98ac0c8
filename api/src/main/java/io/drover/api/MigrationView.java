package io.drover.api;

import java.util.List;
import java.util.Optional;

/**
 * {@code GET /v1/migrations/ID}: a migration while it runs and, once ended, its whole report.
 * Either host shows it; {@code role} says from which side.
 *
 * @param requestedMode what was asked for
 * @param mode what was chosen; {@code auto} until it is
 * @param reason why this mode, in one sentence
 * @param etaSeconds absent when it cannot be told
 * @param downtimeMillis guest stopped at the source until running at the target, as the agents saw
 * @param outcome absent while it runs
 * @param content what crossing by content did; absent where both hosts did not agree to it
 * @param disks absent where none moves
 * @param continuity what was done so that the guest stays reachable, on either host
 */
public record MigrationView(
    String id,
    String guest,
    String role,
    String source,
    String target,
    String requestedMode,
    String mode,
    String reason,
    String transport,
    String phase,
    Optional<String> outcome,
    Optional<ProblemView> problem,
    long startedAtEpochMillis,
    double elapsedSeconds,
    double progress,
    Optional<Double> etaSeconds,
    long memoryBytes,
    long remainingBytes,
    long bytesSent,
    long bytesPerSecond,
    long dirtyBytesPerSecond,
    int passes,
    Optional<Long> bandwidthLimitBytesPerSecond,
    long maxDowntimeMillis,
    Optional<Double> downtimeMillis,
    Optional<Double> predictedSeconds,
    Optional<Double> predictedDowntimeMillis,
    Optional<Double> linkBytesPerSecond,
    int recoveries,
    int retries,
    List<PhaseTime> phases,
    List<ChannelBytes> channels,
    Optional<ContentView> content,
    Optional<DisksView> disks,
    List<ProblemView> warnings,
    List<ContinuityView> continuity) {

  public record PhaseTime(String phase, double startSeconds, double durationSeconds) {}

  /**
   * The disks that move.
   *
   * @param bytes of them to be copied, as far as known by now; 0 as the target sees it
   * @param remainingBytes of these
   * @param content what crossing by content did; absent where both hosts did not agree to it
   * @param layers of those that are based on other images
   */
  public record DisksView(
      long bytes, long remainingBytes, Optional<ContentView> content, List<LayersView> layers) {
    public DisksView {
      // A report that an earlier release wrote has none.
      layers = layers == null ? List.of() : List.copyOf(layers);
    }
  }

  /**
   * A disk whose image is based on another at the source.
   *
   * @param disk its path
   * @param layout what it is at the target: {@link #FLATTENED}, {@link #BASED} or {@link
   *     #BASE_COPIED}
   * @param base the image that it is based on there
   * @param sparedBytes of the base, which did not have to come
   * @param reason why it is flattened, or empty
   */
  public record LayersView(
      String disk, String layout, Optional<String> base, long sparedBytes, String reason) {
    /** It has everything and is based on nothing. */
    public static final String FLATTENED = "flattened";

    /** It is based on an image that was there. */
    public static final String BASED = "based";

    /** It is based on an image that came with it. */
    public static final String BASE_COPIED = "base-copied";
  }

  /**
   * Memory, or disks, by content.
   *
   * @param namedBytes that the target was asked about
   * @param foundBytes of them, which were not sent because the target held them
   * @param packedBytes that compression made of the rest less
   * @param off why names were given up, if they were
   */
  public record ContentView(
      long namedBytes, long foundBytes, long packedBytes, Optional<String> off) {}

  public record ChannelBytes(String channel, int attempt, long sentBytes, long receivedBytes) {}
}
