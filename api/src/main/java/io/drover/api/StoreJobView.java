package io.drover.api;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code GET /v1/store/jobs/ID}: work on the store, which may take minutes.
 *
 * @param done whether it has ended, with what it did or with a problem
 * @param counts what it did: of indexing {@code images}, their {@code names} and how many {@code
 *     changed}; of cleaning up what was {@code removed}, {@code freedBytes}, and names that were
 *     {@code found} again; of verifying the {@code chunks} that are as they should be; of
 *     forgetting what was {@code removed}
 * @param findings what was not as it should be
 */
public record StoreJobView(
    String id,
    String work,
    boolean done,
    Optional<ProblemView> problem,
    Map<String, Long> counts,
    List<FindingView> findings) {

  public StoreJobView {
    counts = Map.copyOf(counts);
    findings = List.copyOf(findings);
  }

  /** A source that is not what its catalogue says; no fault of an image, for guests write. */
  public record FindingView(String kind, String subject, long dropped, String reason) {}
}
