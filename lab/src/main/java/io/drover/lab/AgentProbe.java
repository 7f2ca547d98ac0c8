package io.drover.lab;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Asks an agent's local API whether it is there. */
final class AgentProbe {
  private static final String REQUEST =
      "GET /v1/host HTTP/1.1\r\nHost: drover\r\nConnection: close\r\n\r\n";
  private static final String ANSWER = "HTTP/1.1 200";

  private AgentProbe() {}

  static boolean answers(Path socket) {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      ByteBuffer request = ByteBuffer.wrap(REQUEST.getBytes(StandardCharsets.US_ASCII));
      while (request.hasRemaining()) {
        channel.write(request);
      }
      ByteBuffer answer = ByteBuffer.allocate(ANSWER.length());
      while (answer.hasRemaining() && channel.read(answer) >= 0) {
        // reads on until the status line is here
      }
      return new String(answer.array(), StandardCharsets.US_ASCII).equals(ANSWER);
    } catch (IOException notYet) {
      return false;
    }
  }
}
