package io.drover.lab;

import io.drover.model.Problem;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Runs the system's programs; what they say on both outputs comes back as one text. */
final class Programs {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** How a program ended. */
  record Result(int exitCode, String output) {
    boolean succeeded() {
      return exitCode == 0;
    }
  }

  private Programs() {}

  /** Runs a program that has to succeed. */
  static String run(List<String> command) {
    return run(command, "");
  }

  /** Runs a program that has to succeed, with that input. */
  static String run(List<String> command, String input) {
    Result result = attempt(command, input, PATIENCE);
    if (!result.succeeded()) {
      throw Problem.host(
              "program-failed",
              "'%s' ended with %d: %s"
                  .formatted(String.join(" ", command), result.exitCode(), result.output().strip()),
              "See what the program says; run as root on a machine that allows namespaces.")
          .asException();
    }
    return result.output();
  }

  static Result attempt(List<String> command, String input, Duration patience) {
    Process process = start(new ProcessBuilder(command).redirectErrorStream(true));
    try {
      Thread.ofVirtual().start(() -> feed(process, input));
      // The reader ends when the program closes its output, at the latest when it is killed.
      var reader = new OutputReader(process);
      if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw Problem.host(
                "program-hangs",
                "'%s' did not end within %d s"
                    .formatted(String.join(" ", command), patience.toSeconds()),
                "Run it by hand to see what it waits for.")
            .asException();
      }
      return new Result(process.exitValue(), reader.text());
    } catch (InterruptedException interruption) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw interrupted(interruption);
    }
  }

  static Process start(ProcessBuilder builder) {
    try {
      return builder.start();
    } catch (IOException failure) {
      throw Problem.host(
              "program-missing",
              "The program %s cannot be started".formatted(builder.command().getFirst()),
              "Run packaging/install-dependencies, which installs what Drover needs.")
          .asException(failure);
    }
  }

  static Optional<Path> find(String program) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      Path candidate = Path.of(folder, program);
      if (!folder.isEmpty() && Files.isExecutable(candidate)) {
        return Optional.of(candidate);
      }
    }
    return List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin").stream()
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst();
  }

  static Path require(String program) {
    return find(program)
        .orElseThrow(
            () ->
                Problem.host(
                        "program-missing",
                        "The program %s is not installed".formatted(program),
                        "Run packaging/install-dependencies, which installs what Drover needs.")
                    .asException());
  }

  static RuntimeException interrupted(InterruptedException interruption) {
    Thread.currentThread().interrupt();
    return new IllegalStateException("interrupted", interruption);
  }

  static void pause(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException interruption) {
      throw interrupted(interruption);
    }
  }

  private static void feed(Process process, String input) {
    try (OutputStream out = process.getOutputStream()) {
      out.write(input.getBytes(StandardCharsets.UTF_8));
    } catch (IOException ignored) {
      // The program did not want all of it; its exit code says whether that matters.
    }
  }

  /** Collects a program's output on a thread of its own. */
  private static final class OutputReader {
    private final StringBuilder text = new StringBuilder();
    private final Thread thread;

    OutputReader(Process process) {
      thread =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try (var in = process.getInputStream()) {
                      byte[] all = in.readAllBytes();
                      synchronized (text) {
                        text.append(new String(all, StandardCharsets.UTF_8));
                      }
                    } catch (IOException killed) {
                      // Its output ends with it; the exit code tells what happened.
                    }
                  });
    }

    String text() throws InterruptedException {
      // A child that the program left behind may hold the output open; do not wait for that one.
      thread.join(Duration.ofSeconds(2));
      synchronized (text) {
        return text.toString();
      }
    }
  }
}
