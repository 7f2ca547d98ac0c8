package io.drover.qemu;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/** Stands where the tunnel will: between the source's QEMU and the target's. */
final class RecordingRelay implements AutoCloseable {
  /** Sees what leaves the source on channel k, before it is passed on. */
  interface Tap {
    void accept(int channel, byte[] bytes);
  }

  private final ServerSocketChannel server;
  private final Path target;
  private final Tap tap;
  private final List<SocketChannel> open = new CopyOnWriteArrayList<>();
  private volatile long bytesPerSecond = Long.MAX_VALUE;

  RecordingRelay(Path listen, Path target, Tap tap) throws IOException {
    this.server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    this.server.bind(UnixDomainSocketAddress.of(listen));
    this.target = target;
    this.tap = tap;
    Thread.ofPlatform().daemon().start(this::accept);
  }

  RecordingRelay limited(long rate) {
    bytesPerSecond = rate;
    return this;
  }

  private void accept() {
    try {
      for (int channel = 0; ; channel++) {
        SocketChannel source = server.accept();
        SocketChannel sink = SocketChannel.open(UnixDomainSocketAddress.of(target));
        open.add(source);
        open.add(sink);
        int number = channel;
        Thread.ofPlatform().daemon().start(() -> pump(source, sink, number));
        Thread.ofPlatform().daemon().start(() -> pump(sink, source, -1));
      }
    } catch (IOException e) {
      // closed
    }
  }

  private void pump(SocketChannel from, SocketChannel to, int channel) {
    ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
    try (from;
        to) {
      while (from.read(buffer.clear()) >= 0) {
        buffer.flip();
        if (channel >= 0) {
          byte[] copy = new byte[buffer.remaining()];
          buffer.duplicate().get(copy);
          tap.accept(channel, copy);
          LockSupport.parkNanos((long) (copy.length * 1e9 / bytesPerSecond));
        }
        while (buffer.hasRemaining()) {
          to.write(buffer);
        }
      }
    } catch (IOException e) {
      // The other direction, or a cut, closed it.
    }
  }

  /** Resets one connection, and leaves the others alone. */
  void cut(int channel) throws IOException {
    open.get(2 * channel).close();
    open.get(2 * channel + 1).close();
  }

  void awaitChannels(int count) throws InterruptedException {
    for (int i = 0; i < 1000 && open.size() < 2 * count; i++) {
      Thread.sleep(10);
    }
  }

  /** Cuts every connection, both ways. */
  void cut() throws IOException {
    for (SocketChannel channel : open) {
      channel.close();
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    cut();
  }
}
