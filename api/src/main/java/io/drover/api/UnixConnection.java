package io.drover.api;

import io.drover.model.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;

/** To the agent on this host. The JDK has no read time-out for these sockets; a selector has. */
final class UnixConnection implements ClientConnection {

  record At(Path socket, Duration patience) implements Factory {
    @Override
    public ClientConnection connect() {
      try {
        return new UnixConnection(socket, patience);
      } catch (IOException e) {
        throw notThere(e).asException(e);
      }
    }

    @Override
    public String authority() {
      return "localhost";
    }

    private Problem notThere(IOException e) {
      String reason = String.valueOf(e.getMessage());
      if (reason.contains("Permission denied")) {
        return Problem.host(
            "no-permission",
            "You may not talk to the agent at " + socket,
            "Run this as root, or join the group that owns the socket.");
      }
      return Problem.host(
          "no-agent",
          "No agent answers at %s (%s)"
              .formatted(socket, reason.toLowerCase(java.util.Locale.ROOT)),
          "Start it with 'systemctl start drover-agent' or 'drover agent', or name another one with"
              + " --agent.");
    }
  }

  private final SocketChannel channel;
  private final Selector selector;
  private final Duration patience;

  private UnixConnection(Path socket, Duration patience) throws IOException {
    this.patience = patience;
    this.channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
    this.selector = Selector.open();
    channel.configureBlocking(false);
  }

  @Override
  public InputStream in() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
        int count = channel.read(buffer);
        while (count == 0 && length > 0) {
          await(SelectionKey.OP_READ);
          count = channel.read(buffer);
        }
        return count;
      }
    };
  }

  @Override
  public OutputStream out() {
    return new OutputStream() {
      @Override
      public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
        while (buffer.hasRemaining()) {
          if (channel.write(buffer) == 0) {
            await(SelectionKey.OP_WRITE);
          }
        }
      }
    };
  }

  private void await(int operation) throws IOException {
    channel.register(selector, operation);
    int ready = selector.select(Math.max(1, patience.toMillis()));
    selector.selectedKeys().clear();
    if (Thread.interrupted()) {
      Thread.currentThread().interrupt();
      throw new java.io.InterruptedIOException("interrupted");
    }
    if (ready == 0) {
      throw new SocketTimeoutException("nothing for %d s".formatted(patience.toSeconds()));
    }
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      selector.close();
    }
  }
}
