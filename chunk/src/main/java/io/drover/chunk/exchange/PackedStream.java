package io.drover.chunk.exchange;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import io.drover.chunk.Grain;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * One end of a stream in which nothing is named or asked for, only packed where that is worth it:
 * for what cannot wait for an answer. Each direction belongs to one thread.
 */
public final class PackedStream implements AutoCloseable {
  private static final int PIECE_BYTES = ExchangeLimits.LITERAL_BYTES;

  private final LongSupplier nanoClock;
  private final ByteSink toPeer;
  private final ByteSink out;
  private final MessageReader reader =
      new MessageReader(
          EnumSet.of(Message.BYTES, Message.PACKED_BYTES), Grain.PAGE.bytes(), this::message);
  private final byte[] plain = new byte[Message.HEAD_BYTES + PIECE_BYTES];
  private final byte[] packed = new byte[Message.HEAD_BYTES + Packer.bound(PIECE_BYTES)];
  private final byte[] unpacked = new byte[PIECE_BYTES];
  private final AtomicLong packedBytes = new AtomicLong();
  private final Optional<Packer> packer;
  private boolean closed;

  /**
   * Nothing has crossed yet.
   *
   * @param compression what may be done to bytes that this end sends
   * @param toPeer takes what crosses
   * @param out takes what the peer's end was given
   */
  public PackedStream(Compression compression, ByteSink toPeer, ByteSink out) {
    this(compression, System::nanoTime, toPeer, out);
  }

  PackedStream(Compression compression, LongSupplier nanoClock, ByteSink toPeer, ByteSink out) {
    this.nanoClock = nanoClock;
    this.packer =
        switch (compression) {
          case NONE -> Optional.empty();
          case ZSTD, ZSTD_WHEN_IDLE_TOO -> Optional.of(new Packer(compression, nanoClock));
        };
    this.toPeer = toPeer;
    this.out = out;
  }

  /** Sends these bytes at once. */
  public void write(byte[] bytes, int offset, int length) throws IOException {
    for (int at = 0; at < length; at += PIECE_BYTES) {
      piece(bytes, offset + at, Math.min(PIECE_BYTES, length - at));
    }
  }

  private void piece(byte[] bytes, int offset, int length) throws IOException {
    int shorter = pack(bytes, offset, length);
    byte[] message = packed;
    if (shorter < length) {
      Message.PACKED_BYTES.head(message, shorter);
      long _ = packedBytes.addAndGet(length - shorter);
    } else {
      message = plain;
      System.arraycopy(bytes, offset, message, Message.HEAD_BYTES, length);
      Message.BYTES.head(message, length);
    }
    long began = nanoClock.getAsLong();
    toPeer.write(message, 0, Message.HEAD_BYTES + Math.min(shorter, length));
    long waited = nanoClock.getAsLong() - began;
    packer.ifPresent(each -> each.waited(waited));
  }

  /** It is closed by another thread than packs. */
  private synchronized int pack(byte[] bytes, int offset, int length) throws IOException {
    if (closed) {
      throw new IOException("the stream is closed");
    }
    return packer.isPresent()
        ? packer.get().pack(bytes, offset, length, packed, Message.HEAD_BYTES)
        : length;
  }

  /** Takes what came from the peer, in pieces of any size. */
  public void fromPeer(byte[] bytes, int offset, int length) throws IOException {
    reader.read(bytes, offset, length);
  }

  private void message(Message which, ByteBuffer payload) throws IOException {
    if (which == Message.BYTES) {
      out.write(payload.array(), payload.arrayOffset() + payload.position(), payload.remaining());
      return;
    }
    try {
      long length =
          Zstd.decompressByteArray(
              unpacked,
              0,
              unpacked.length,
              payload.array(),
              payload.arrayOffset() + payload.position(),
              payload.remaining());
      long _ = packedBytes.addAndGet(length - payload.remaining());
      out.write(unpacked, 0, Math.toIntExact(length));
    } catch (ZstdException e) {
      throw new IOException("the peer sent bytes that cannot be unpacked", e);
    }
  }

  /** To be called when the peer says nothing more. */
  public void peerEnded() throws IOException {
    if (reader.isInside()) {
      throw new IOException("the peer ended in the middle of a message");
    }
  }

  /** By how much less has crossed than was given, both ways. */
  public long packedBytes() {
    return packedBytes.get();
  }

  @Override
  public synchronized void close() {
    closed = true;
    packer.ifPresent(Packer::close);
  }
}
