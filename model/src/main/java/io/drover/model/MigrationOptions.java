package io.drover.model;

import java.time.Duration;
import java.util.Optional;

/**
 * What a person may choose about one migration.
 *
 * @param bandwidth a ceiling for what crosses the link; none means as fast as it goes
 * @param maxDowntime how long the guest may stand still at the switch
 * @param parallelChannels extra bulk channels for pre-copy; 0 keeps everything in the main one
 * @param dedup whether pages cross by content
 * @param chain what becomes of the images that disks are based on
 */
public record MigrationOptions(
    Mode mode,
    Transport transport,
    Optional<ByteRate> bandwidth,
    Duration maxDowntime,
    int parallelChannels,
    Dedup dedup,
    Storage storage,
    Chain chain) {

  /** What {@code --max-downtime} is when nobody says. */
  public static final Duration DEFAULT_MAX_DOWNTIME = Duration.ofMillis(100);

  public static final int MAX_PARALLEL_CHANNELS = 16;

  /** With the disks that the target does not share, each as spares most. */
  public MigrationOptions(
      Mode mode,
      Transport transport,
      Optional<ByteRate> bandwidth,
      Duration maxDowntime,
      int parallelChannels,
      Dedup dedup) {
    this(
        mode, transport, bandwidth, maxDowntime, parallelChannels, dedup, Storage.AUTO, Chain.AUTO);
  }

  public MigrationOptions {
    // A record that an earlier release wrote has none.
    chain = chain == null ? Chain.FLATTEN : chain;
    if (maxDowntime.isNegative()
        || maxDowntime.isZero()
        || maxDowntime.compareTo(Duration.ofSeconds(60)) > 0) {
      throw Problem.usage(
              "bad-downtime",
              "A maximum downtime of %d ms is out of range".formatted(maxDowntime.toMillis()),
              "Choose between 1 ms and 60 s.")
          .asException();
    }
    if (parallelChannels < 0 || parallelChannels > MAX_PARALLEL_CHANNELS) {
      throw Problem.usage(
              "bad-parallel",
              "%d parallel channels is out of range".formatted(parallelChannels),
              "Choose 0 to %d.".formatted(MAX_PARALLEL_CHANNELS))
          .asException();
    }
    if (parallelChannels > 0 && (mode == Mode.POSTCOPY || mode == Mode.HYBRID)) {
      throw Problem.usage(
              "parallel-postcopy",
              "Parallel channels cannot be combined with mode " + mode.word(),
              "QEMU refuses it; use mode precopy or cold, or leave out --parallel.")
          .asException();
    }
    if (dedup == Dedup.ON && (parallelChannels > 0 || transport != Transport.TUNNEL)) {
      throw Problem.usage(
              "dedup-elsewhere",
              "Memory crosses by content only in the tunnel's main channel",
              "Leave out --parallel and --transport, or --dedup on.")
          .asException();
    }
    if (bandwidth.isPresent() && bandwidth.get().bytesPerSecond() < 10_000) {
      throw Problem.usage(
              "bad-bandwidth",
              "A bandwidth of %s is too low to ever finish".formatted(bandwidth.get()),
              "Choose at least 80kbit.")
          .asException();
    }
  }

  /** Whether the main channel may carry pages by content. */
  public boolean mayUseContent() {
    return dedup != Dedup.OFF && transport == Transport.TUNNEL && parallelChannels == 0;
  }

  /** Whether disks' channels may; they are in the port whatever the memory's transport is. */
  public boolean mayUseContentForDisks() {
    return dedup != Dedup.OFF;
  }

  public static MigrationOptions defaults() {
    return new MigrationOptions(
        Mode.AUTO, Transport.TUNNEL, Optional.empty(), DEFAULT_MAX_DOWNTIME, 0, Dedup.AUTO);
  }
}
