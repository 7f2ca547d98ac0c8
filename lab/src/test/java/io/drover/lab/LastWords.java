package io.drover.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/** Adds to a test's failure what agents that are dead by then have said last. */
public final class LastWords implements TestExecutionExceptionHandler {
  private static final int LINES = 40;
  private static final String CRASH = "# A fatal error";

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    LabStore store = LabStore.ofMachine();
    String words =
        store.names().stream()
            .flatMap(name -> store.read(name).stream())
            .flatMap(
                lab ->
                    lab.hosts().stream().map(host -> store.folder(lab.name()).resolve(host.name())))
            .flatMap(host -> of(host).stream())
            .collect(Collectors.joining());
    if (words.isEmpty()) {
      throw failure;
    }
    throw new AssertionError(failure.getMessage() + words, failure);
  }

  private static Optional<String> of(Path host) {
    if (!new PidFile(host.resolve("agent.pid")).state().equals("stopped")) {
      return Optional.empty();
    }
    List<String> log;
    try {
      log = Files.readAllLines(host.resolve("agent.log"));
    } catch (IOException e) {
      log = List.of(e.toString());
    }
    List<String> said = log;
    int from =
        said.stream()
            .filter(line -> line.startsWith(CRASH))
            .findFirst()
            .map(said::indexOf)
            .orElse(Math.max(0, said.size() - LINES));
    return Optional.of(
        "%nThe agent of %s is dead. It said:%n%s%n"
            .formatted(
                host,
                said.stream()
                    .skip(from)
                    .limit(LINES)
                    .collect(Collectors.joining("\n  ", "  ", ""))));
  }
}
