package io.drover.network;

import io.drover.model.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The tools as processes.
 *
 * @param prefix comes before every command, such as {@code ip netns exec NAME}
 */
public record SystemCommands(List<String> prefix) implements Commands {
  /** The code of the problem that a tool is not installed. */
  static final String MISSING = "network-tool-missing";

  public SystemCommands {
    prefix = List.copyOf(prefix);
  }

  public SystemCommands() {
    this(List.of());
  }

  @Override
  public Output run(Duration limit, String input, List<String> command) {
    List<String> words = new ArrayList<>(prefix);
    words.addAll(command);
    try {
      ProcessBuilder builder = new ProcessBuilder(words);
      builder.environment().put("LC_ALL", "C");
      Process process = start(builder, command);
      try {
        CompletableFuture<String> out = reading(process.getInputStream());
        CompletableFuture<String> err = reading(process.getErrorStream());
        write(process.getOutputStream(), input);
        if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
          throw failed(command, "it did not end within %d ms".formatted(limit.toMillis()));
        }
        return new Output(process.exitValue(), out.join(), err.join());
      } finally {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(command, "interrupted");
    }
  }

  private static Process start(ProcessBuilder builder, List<String> command) {
    try {
      return builder.start();
    } catch (IOException e) {
      throw Problem.host(
              MISSING,
              "'%s' cannot be started: %s".formatted(command.getFirst(), e.getMessage()),
              "Install iproute2, nftables and conntrack.")
          .asException(e);
    }
  }

  private static void write(OutputStream to, String input) {
    Thread.ofVirtual()
        .start(
            () -> {
              try (to) {
                to.write(input.getBytes(StandardCharsets.UTF_8));
              } catch (IOException e) {
                // It ended without reading on; its exit code tells why.
              }
            });
  }

  private static CompletableFuture<String> reading(InputStream from) {
    CompletableFuture<String> text = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try (from) {
                text.complete(new String(from.readAllBytes(), StandardCharsets.UTF_8));
              } catch (IOException e) {
                text.completeExceptionally(new UncheckedIOException(e));
              }
            });
    return text;
  }

  private static RuntimeException failed(List<String> command, String why) {
    return Problem.host(
            "network-tool",
            "'%s' could not be run: %s".formatted(String.join(" ", command), why),
            "Run the agent as root with iproute2, nftables and conntrack installed.")
        .asException();
  }
}
