package io.drover.agent;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Time-outs for unix sockets, which the JDK does not have: a connection that makes no progress in
 * time is closed, which ends the blocked call with an exception.
 */
final class Deadlines implements AutoCloseable {
  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().daemon().name("local-api-deadlines").factory());

  Deadlines() {
    timer.setRemoveOnCancelPolicy(true);
    // Once closed, every connection is closed too and needs no deadline.
    timer.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
  }

  InputStream in(SocketChannel channel, Duration patience) {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        ScheduledFuture<?> deadline = closeAfter(channel, patience);
        try {
          return channel.read(ByteBuffer.wrap(bytes, offset, length));
        } finally {
          deadline.cancel(false);
        }
      }
    };
  }

  OutputStream out(SocketChannel channel, Duration patience) {
    return new OutputStream() {
      @Override
      public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
        while (buffer.hasRemaining()) {
          ScheduledFuture<?> deadline = closeAfter(channel, patience);
          try {
            channel.write(buffer);
          } finally {
            deadline.cancel(false);
          }
        }
      }
    };
  }

  private ScheduledFuture<?> closeAfter(SocketChannel channel, Duration patience) {
    return timer.schedule(
        Executors.callable(() -> closeQuietly(channel)),
        patience.toMillis(),
        TimeUnit.MILLISECONDS);
  }

  private static void closeQuietly(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException alreadyBroken) {
      // It is of no use any more either way.
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
