package io.drover.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** Pings a guest every ten milliseconds from the client, as the guest's users would see it. */
final class PingRecorder implements AutoCloseable {
  static final String INTERVAL_SECONDS = "0.01";

  private final Process process;
  private final Thread reader;
  private final PingTrace trace = new PingTrace();

  PingRecorder(Node client, String lab, String address) {
    ProcessBuilder builder =
        new ProcessBuilder(
            client.entering(
                List.of("ping", "-n", "-D", "-O", "-i", INTERVAL_SECONDS, "-s", "16", address)));
    builder.environment().put(Node.MARK, lab);
    builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    builder.redirectErrorStream(true);
    process = Programs.start(builder);
    reader = Thread.ofVirtual().start(this::follow);
  }

  private void follow() {
    try (var lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        trace.accept(line);
      }
    } catch (IOException ended) {
      // The stream ends with the program.
    }
  }

  PingTrace trace() {
    return trace;
  }

  @Override
  public void close() {
    // nsenter does not hand signals on; its child is the program.
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly().onExit().join();
    reader.interrupt();
  }
}
