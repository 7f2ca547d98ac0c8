package io.drover.agent;

import io.drover.tunnel.TlsChannel;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Feeds a rebuilt target what was kept of the switch, and breaks the connections as a cut link
 * would, as soon as the target's return path says that it has loaded the device state.
 */
final class ReplayFeed implements Closeable {
  private static final int PONG = 2;

  /** Sent by the target for the ping that stands last in the package, before it may run. */
  private static final int PONG_LOADED = 3;

  private final List<TlsChannel> channels = new ArrayList<>();

  void add(TlsChannel channel) {
    channels.add(channel);
  }

  void send(ByteBuffer kept) throws IOException {
    TlsChannel main = channels.getFirst();
    main.write(kept);
    ByteBuffer message = ByteBuffer.allocate(4 + 65_536);
    while (true) {
      fill(main, message, 4);
      int type = Short.toUnsignedInt(message.getShort(0));
      int length = Short.toUnsignedInt(message.getShort(2));
      fill(main, message, 4 + length);
      if (type == PONG && length == 4 && message.getInt(4) == PONG_LOADED) {
        return;
      }
      message.clear();
    }
  }

  private static void fill(TlsChannel from, ByteBuffer message, int wanted) throws IOException {
    while (message.position() < wanted) {
      message.limit(wanted);
      if (from.read(message) < 0) {
        throw new IOException("the target's QEMU closed the connection");
      }
    }
  }

  @Override
  public void close() throws IOException {
    for (TlsChannel channel : channels) {
      channel.close();
    }
  }
}
