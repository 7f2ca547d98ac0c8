package io.drover.api;

import java.util.List;

/**
 * {@code GET /v1/store}: what the host can give by content.
 *
 * @param names in the index
 * @param indexBytes of memory that it takes, of {@code indexLimitBytes}
 * @param refused files of the store that cannot be used, and why
 */
public record StoreView(
    String directory,
    long names,
    long indexBytes,
    long indexLimitBytes,
    long checkpointBytes,
    long checkpointLimitBytes,
    long cacheBytes,
    long cacheLimitBytes,
    List<SourceView> sources,
    List<ProblemView> refused) {

  /**
   * One file that holds content.
   *
   * @param kind {@code image}, {@code checkpoint} or {@code cache}
   * @param subject an image's path, a checkpoint's guest, nothing for the cache
   * @param sharing {@code owner} or {@code public}
   * @param whole whether the index had room for all of its names
   */
  public record SourceView(
      String kind,
      String subject,
      String owner,
      String sharing,
      int grainBytes,
      long createdAtEpochMillis,
      long names,
      boolean whole) {}
}
