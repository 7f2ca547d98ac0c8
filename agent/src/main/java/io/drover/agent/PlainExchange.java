package io.drover.agent;

import io.drover.chunk.Grain;
import io.drover.chunk.exchange.Back;
import io.drover.chunk.exchange.ChunkWatch;
import io.drover.chunk.exchange.Compression;
import io.drover.chunk.exchange.ContentSender;
import io.drover.model.MemoryBudget;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** A content exchange in which nothing is named, as two streams. */
final class PlainExchange implements Back {
  private final InputStream fromPeer;
  private final ContentSender sender;
  private ByteBuffer back = ByteBuffer.allocate(0);
  private boolean backEnded;

  PlainExchange(OutputStream toPeer, InputStream fromPeer) {
    this.fromPeer = fromPeer;
    this.sender =
        new ContentSender(
            Grain.PAGE,
            1,
            Compression.NONE,
            MemoryBudget.boundless(), // it takes one batch
            toPeer::write,
            this,
            ChunkWatch.NOBODY);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) {
    ByteBuffer more = ByteBuffer.allocate(back.remaining() + length);
    back = more.put(back).put(bytes, offset, length).flip();
  }

  @Override
  public void end() {
    backEnded = true;
  }

  OutputStream out() {
    return new OutputStream() {
      @Override
      public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        sender.literal(bytes, offset, length);
        sender.flush();
      }
    };
  }

  InputStream in() {
    return new InputStream() {
      private final byte[] piece = new byte[4096];

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
      }

      @Override
      public int read(byte[] into, int offset, int length) throws IOException {
        while (!back.hasRemaining() && !backEnded) {
          int count = fromPeer.read(piece);
          if (count < 0) {
            return -1;
          }
          sender.fromPeer(piece, 0, count);
        }
        int taken = Math.min(length, back.remaining());
        back.get(into, offset, taken);
        return taken == 0 && length > 0 ? -1 : taken;
      }
    };
  }
}
