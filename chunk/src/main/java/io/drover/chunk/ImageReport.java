package io.drover.chunk;

/**
 * What became of an order to index an image.
 *
 * @param names that it has now
 * @param changed chunks that have another name than before, or none any more, or had none
 */
public record ImageReport(Work work, long names, long changed) {
  /** How much there was to do. */
  public enum Work {
    /** The image is as it was when it was indexed last. */
    NOTHING,
    READ
  }
}
