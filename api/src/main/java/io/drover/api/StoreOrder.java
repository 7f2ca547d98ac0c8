package io.drover.api;

import java.util.Optional;

/**
 * The body of {@code POST /v1/store/jobs}; the answer is a {@link StoreJobView}.
 *
 * @param work {@code index}, {@code gc}, {@code verify} or {@code forget}
 * @param path the image to index or to forget; without one all that are known are indexed
 * @param owner whose guests may be given what an image holds; those without an owner if left out
 * @param sharing {@code owner}, the default, or {@code public}: everybody's guests
 * @param guest whose checkpoint to forget
 */
public record StoreOrder(
    String work,
    Optional<String> path,
    Optional<String> owner,
    Optional<String> sharing,
    Optional<String> guest) {

  public static StoreOrder of(String work) {
    return new StoreOrder(
        work, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
  }
}
