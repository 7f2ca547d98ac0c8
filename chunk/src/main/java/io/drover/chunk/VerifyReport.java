package io.drover.chunk;

import java.util.List;

/**
 * What reading everything again found.
 *
 * @param chunks that are as their catalogue says
 * @param findings the sources of which that is not so
 */
public record VerifyReport(long chunks, List<Finding> findings) {
  /**
   * A source that is not what its catalogue says. That is no fault of an image: guests write.
   *
   * @param subject the path of an image, the guest of a checkpoint, empty for the cache
   * @param dropped names that were there and do not hold
   */
  public record Finding(SourceKind kind, String subject, long dropped, String reason) {}

  public VerifyReport {
    findings = List.copyOf(findings);
  }
}
