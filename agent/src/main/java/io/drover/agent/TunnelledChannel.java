package io.drover.agent;

import io.drover.network.PeerChannel;
import io.drover.tunnel.TlsChannel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** A connection of the port as a guest's network wants it. */
record TunnelledChannel(TlsChannel channel) implements PeerChannel {
  @Override
  public InputStream in() {
    return channel.in();
  }

  @Override
  public OutputStream out() {
    return channel.out();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
