package io.drover.linux;

import io.drover.model.Problem;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** A network namespace that has a name, as {@code ip netns} gives them. */
public record NetworkNamespace(String name) {
  private static final int CLONE_NEWNET = 0x40000000;

  /**
   * Does something inside; on a platform thread of its own, which ends with it, so that no other
   * code is carried along. What it opens stays open and stays inside.
   */
  public <T> T call(Supplier<T> action) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    Thread.ofPlatform()
        .name("netns-" + name)
        .start(
            () -> {
              try {
                enter();
                answer.complete(action.get());
              } catch (RuntimeException e) {
                answer.completeExceptionally(e);
              }
            });
    try {
      return answer.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private void enter() {
    Path path = Path.of("/run/netns", name);
    int descriptor = LibC.open(path.toString(), LibC.O_CLOEXEC);
    int result = descriptor < 0 ? descriptor : LibC.setns(descriptor, CLONE_NEWNET);
    if (descriptor >= 0) {
      LibC.close(descriptor);
    }
    if (result < 0) {
      throw Problem.host(
              "no-namespace",
              "The network namespace %s cannot be entered (%s)"
                  .formatted(path, LibC.reason(-result)),
              "Make it with 'ip netns add %s', as root.".formatted(name))
          .asException();
    }
  }
}
