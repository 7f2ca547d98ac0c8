package io.drover.network;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;

/** A peer at the other end of a socket, without TLS. */
record SocketPeer(SocketChannel socket) implements PeerChannel {
  @Override
  public InputStream in() {
    return Channels.newInputStream(socket);
  }

  @Override
  public OutputStream out() {
    return Channels.newOutputStream(socket);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
