package io.drover.qemu.nbd;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** Two ends of one connection. */
record UnixPair(SocketChannel one, SocketChannel other) implements AutoCloseable {
  static UnixPair open() throws IOException {
    Path directory = Files.createTempDirectory("nbd");
    Path socket = directory.resolve("s");
    try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listening.bind(UnixDomainSocketAddress.of(socket));
      SocketChannel one = SocketChannel.open(UnixDomainSocketAddress.of(socket));
      return new UnixPair(one, listening.accept());
    } finally {
      Files.deleteIfExists(socket);
      Files.delete(directory);
    }
  }

  @Override
  public void close() throws IOException {
    try (one;
        other) {
      // Both.
    }
  }
}
