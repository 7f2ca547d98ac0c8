package io.drover.network;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** Does something on a virtual thread of its own while the caller does something else. */
final class Meanwhile {
  private Meanwhile() {}

  static <T> CompletableFuture<T> call(Supplier<T> action) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                result.complete(action.get());
              } catch (RuntimeException e) {
                result.completeExceptionally(e);
              }
            });
    return result;
  }

  /** Waits; throws what the action threw. */
  static <T> T result(CompletableFuture<T> meanwhile) {
    try {
      return meanwhile.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }
}
