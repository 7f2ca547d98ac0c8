package io.drover.agent;

import io.drover.api.MigrationView;
import io.drover.qemu.disk.ChangeStream;
import io.drover.qemu.disk.RemoteDisk;
import io.drover.tunnel.Throttle;
import io.drover.tunnel.TlsChannel;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** One connection of one disk at the source: sends its changes, and takes the answers. */
final class DiskSending {
  private static final int BUFFER_BYTES = 128 << 10;

  private final String name;
  private final int attempt;
  private final TlsChannel channel;
  private final RemoteDisk.Session session;
  private final Throttle throttle;
  private final Consumer<String> broken;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final AtomicLong sentBytes = new AtomicLong();
  private final AtomicLong receivedBytes = new AtomicLong();

  DiskSending(
      String name,
      int attempt,
      TlsChannel channel,
      RemoteDisk disk,
      Throttle throttle,
      Consumer<String> broken) {
    this.name = name;
    this.attempt = attempt;
    this.channel = channel;
    this.session = disk.begin();
    this.throttle = throttle;
    this.broken = broken;
  }

  void start() {
    Thread.ofPlatform().daemon().name(name + "-send").start(this::send);
    Thread.ofPlatform().daemon().name(name + "-receive").start(this::receive);
  }

  private void send() {
    try (OutputStream out = new BufferedOutputStream(new Slices(), BUFFER_BYTES)) {
      session.send(new Plain(out));
    } catch (IOException e) {
      end(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      end("interrupted");
    }
  }

  private void receive() {
    ByteBuffer answers = ByteBuffer.allocate(16 << 10);
    try (InputStream in = channel.in()) {
      while (true) {
        int count = in.read(answers.array(), answers.position(), answers.remaining());
        if (count < 0) {
          throw new IOException("the target ended it");
        }
        receivedBytes.addAndGet(count);
        answers.position(answers.position() + count).flip();
        session.answered(answers);
        answers.compact();
      }
    } catch (IOException e) {
      end(String.valueOf(e.getMessage()));
    }
  }

  private void end(String reason) {
    if (closed.get()) {
      return;
    }
    close(reason);
    broken.accept(name + ": " + reason);
  }

  void close(String reason) {
    if (closed.compareAndSet(false, true)) {
      session.end();
      try {
        channel.close();
      } catch (IOException e) {
        // It is of no further use either way.
      }
    }
  }

  MigrationView.ChannelBytes bytes() {
    return new MigrationView.ChannelBytes(name, attempt, sentBytes.get(), receivedBytes.get());
  }

  /** What the limit lets through at once. */
  private final class Slices extends OutputStream {
    private final OutputStream out = channel.out();

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      int at = offset;
      int left = length;
      while (left > 0) {
        int count = throttle.slice(Math.min(left, BUFFER_BYTES));
        try {
          throttle.await(count);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IOException("interrupted", e);
        }
        out.write(bytes, at, count);
        sentBytes.addAndGet(count);
        at += count;
        left -= count;
      }
    }
  }

  /** Changes as they are. */
  private record Plain(OutputStream out) implements ChangeStream {
    @Override
    public void head(byte[] bytes) throws IOException {
      out.write(bytes);
    }

    @Override
    public void content(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }
  }
}
