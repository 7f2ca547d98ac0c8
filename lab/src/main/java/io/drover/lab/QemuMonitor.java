package io.drover.lab;

import io.drover.model.Problem;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Asks a QEMU that nobody else drives, with a connection for each question. Module {@code qemu} is
 * what Drover drives QEMU with; a stock contender must not owe anything to it.
 */
final class QemuMonitor {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path socket;

  QemuMonitor(Path socket) {
    this.socket = socket;
  }

  /** Waits until QEMU answers. */
  void await() {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        ask("query-status", Map.of());
        return;
      } catch (IOException notYet) {
        if (System.nanoTime() > deadline) {
          throw silent(notYet);
        }
      }
      try {
        Thread.sleep(5);
      } catch (InterruptedException interruption) {
        throw Programs.interrupted(interruption);
      }
    }
  }

  JsonNode run(String command) {
    return run(command, Map.of());
  }

  JsonNode run(String command, Map<String, ?> arguments) {
    try {
      JsonNode reply = ask(command, arguments);
      if (reply.has("error")) {
        throw Problem.host(
                "qemu-refused",
                "QEMU refused '%s': %s"
                    .formatted(command, reply.path("error").path("desc").asString("")),
                "See QEMU's documentation of this command.")
            .asException();
      }
      return reply.path("return");
    } catch (IOException failure) {
      throw silent(failure);
    }
  }

  /**
   * Asks again and again until the answer is as wanted: QEMU has no time-outs of its own.
   *
   * @param look how long to wait before it is asked again
   */
  JsonNode until(String command, Predicate<JsonNode> wanted, Duration look, Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    JsonNode answer = run(command);
    while (!wanted.test(answer)) {
      if (System.nanoTime() > deadline) {
        throw Problem.migration(
                "qemu-hangs",
                "After %d s QEMU still answers to '%s': %s"
                    .formatted(patience.toSeconds(), command, answer),
                "Its log in the lab's folder may say why.")
            .asException();
      }
      Programs.pause(look);
      answer = run(command);
    }
    return answer;
  }

  /** Ends QEMU, which may be gone before it can answer. */
  void quit() {
    try {
      JsonNode _ = ask("quit", Map.of());
    } catch (IOException gone) {
      // That is what was wanted.
    }
  }

  private JsonNode ask(String command, Map<String, ?> arguments) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      OutputStream out = Channels.newOutputStream(channel);
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
      exchange(out, in, "qmp_capabilities", Map.of());
      return exchange(out, in, command, arguments);
    }
  }

  private static JsonNode exchange(
      OutputStream out, BufferedReader in, String command, Map<String, ?> arguments)
      throws IOException {
    out.write(
        (JSON.writeValueAsString(Map.of("execute", command, "arguments", arguments)) + "\n")
            .getBytes(StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonNode message = JSON.readTree(line);
      if (message.has("return") || message.has("error")) {
        return message; // the others are the greeting and events
      }
    }
    throw new IOException("the monitor ended");
  }

  private RuntimeException silent(IOException failure) {
    return Problem.host(
            "qemu-silent",
            "QEMU's monitor %s does not answer (%s)".formatted(socket, failure.getMessage()),
            "Its log in the lab's folder may say why.")
        .asException(failure);
  }
}
