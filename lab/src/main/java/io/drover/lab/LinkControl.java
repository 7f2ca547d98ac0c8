package io.drover.lab;

import io.drover.model.ByteRate;
import io.drover.model.Problem;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

/** Tells a running user-space link how to behave: one line to its socket, one line back. */
record LinkControl(Path socket) {
  void await(Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      try {
        String ignored = exchange("stats");
        return;
      } catch (IOException failure) {
        if (System.nanoTime() > deadline) {
          throw gone(failure);
        }
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException interruption) {
        throw Programs.interrupted(interruption);
      }
    }
  }

  void shape(LinkShape shape) {
    ask(
        String.format(
            Locale.ROOT,
            "shape %d %d %f %f",
            shape.rate().map(ByteRate::bytesPerSecond).orElse(0L),
            shape.delayMillis(),
            shape.lossPercent(),
            shape.reorderPercent()));
  }

  void pass(String port, LabNetwork.Passing passing) {
    ask((passing == LabNetwork.Passing.CUT ? "cut " : "heal ") + port);
  }

  /** Frames and bytes of each port, for people. */
  String stats() {
    return ask("stats");
  }

  private String ask(String line) {
    try {
      String answer = exchange(line);
      if (!answer.startsWith("ok")) {
        throw new IllegalStateException("the link answered '%s' to '%s'".formatted(answer, line));
      }
      return answer.substring(2).strip();
    } catch (IOException failure) {
      throw gone(failure);
    }
  }

  private static RuntimeException gone(IOException failure) {
    return Problem.host(
            "link-gone",
            "The lab's link process does not answer (%s)".formatted(failure.getMessage()),
            "See link.log in the lab's folder; remove the lab and make it again.")
        .asException(failure);
  }

  private String exchange(String line) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      var reader =
          new BufferedReader(
              new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
      String answer = reader.readLine();
      if (answer == null) {
        throw new IOException("closed without an answer");
      }
      return answer;
    }
  }
}
