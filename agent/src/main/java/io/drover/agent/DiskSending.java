package io.drover.agent;

import io.drover.api.MigrationView;
import io.drover.model.MemoryBudget;
import io.drover.qemu.disk.RemoteDisk;
import io.drover.tunnel.Throttle;
import io.drover.tunnel.TlsChannel;
import io.drover.wire.PeerMessage;
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
  private final DiskCrossing crossing;
  // Part of an answer, at most.
  private final ByteBuffer answers = ByteBuffer.allocate(4 << 10);
  private final Consumer<String> broken;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final AtomicLong sentBytes = new AtomicLong();
  private final AtomicLong receivedBytes = new AtomicLong();

  DiskSending(
      String name,
      PeerMessage.DisksOpen open,
      TlsChannel channel,
      RemoteDisk disk,
      DisksByContent content,
      MemoryBudget.Share memory,
      Throttle throttle,
      Consumer<String> broken) {
    this.name = name;
    this.attempt = open.attempt();
    this.channel = channel;
    this.session = disk.begin();
    this.throttle = throttle;
    this.broken = broken;
    Slices out = new Slices();
    this.crossing =
        open.content() == PeerMessage.ContentUse.NONE
            ? new DiskCrossing.Plain(new BufferedOutputStream(out, BUFFER_BYTES), this::answered)
            : content.begin(name, open.content(), memory, out::write, this::answered);
  }

  void start() {
    Thread.ofPlatform().daemon().name(name + "-send").start(this::send);
    Thread.ofPlatform().daemon().name(name + "-receive").start(this::receive);
  }

  private void send() {
    try {
      session.send(crossing);
    } catch (IOException e) {
      end(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      end("interrupted");
    }
  }

  private void receive() {
    byte[] buffer = new byte[16 << 10];
    try (InputStream in = channel.in()) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        receivedBytes.addAndGet(count);
        crossing.received(buffer, 0, count);
      }
      throw new IOException("the target ended it");
    } catch (IOException e) {
      end(String.valueOf(e.getMessage()));
    }
  }

  private void answered(byte[] bytes, int offset, int length) {
    int at = offset;
    while (at < offset + length) {
      int taken = Math.min(answers.remaining(), offset + length - at);
      answers.put(bytes, at, taken).flip();
      session.answered(answers);
      answers.compact();
      at += taken;
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
      crossing.end(reason);
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

  /** What the limit lets through at once; what is written together stays together. */
  private final class Slices extends OutputStream {
    private final OutputStream out = channel.out();

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
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
}
