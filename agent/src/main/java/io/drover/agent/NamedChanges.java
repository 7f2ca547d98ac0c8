package io.drover.agent;

import io.drover.chunk.Grain;
import io.drover.chunk.exchange.Back;
import io.drover.chunk.exchange.ByteSink;
import io.drover.chunk.exchange.ChunkWatch;
import io.drover.chunk.exchange.Compression;
import io.drover.chunk.exchange.ContentSender;
import io.drover.chunk.exchange.Saving;
import java.io.IOException;

/** A disk's changes by content: names of blocks, and of the blocks what the target lacks. */
final class NamedChanges implements DiskCrossing {
  /**
   * What a guest itself writes waits for its answer and is mostly short: a question before it would
   * cost the guest a round trip. A mirror copies no less at once.
   */
  static final int NAMED_FROM_BYTES = 64 << 10;

  private static final int WINDOW_BATCHES = 64;

  private final ContentSender sender;
  private final NamingWorth worth;

  /**
   * Of a connection that stands.
   *
   * @param toTarget takes whole messages, from any thread
   */
  NamedChanges(
      String name, Compression compression, NamingWorth worth, ByteSink toTarget, Answers answers) {
    this.worth = worth;
    sender =
        new ContentSender(
            Grain.PAGE,
            WINDOW_BATCHES,
            compression,
            toTarget,
            new Back() {
              @Override
              public void write(byte[] bytes, int offset, int length) {
                answers.received(bytes, offset, length);
              }

              @Override
              public void end() {}
            },
            ChunkWatch.NOBODY);
    worth.restart();
    sender.startSending(name + "-wanted");
  }

  Saving saving() {
    return sender.saving();
  }

  @Override
  public void head(byte[] bytes) throws IOException {
    sender.literal(bytes, 0, bytes.length);
  }

  /** Blocks are named where an image would have them: at multiples of their length on the disk. */
  @Override
  public void content(long diskOffset, byte[] bytes) throws IOException {
    int at = 0;
    if (bytes.length >= NAMED_FROM_BYTES && worth.pays()) {
      int block = Grain.PAGE.bytes();
      at = (int) Math.floorMod(-diskOffset, (long) block);
      sender.literal(bytes, 0, at);
      while (at + block <= bytes.length) {
        sender.chunk(bytes, at);
        at += block;
      }
    }
    sender.literal(bytes, at, bytes.length - at);
    worth.progressed(sender.saving());
  }

  @Override
  public void flush() throws IOException {
    sender.flush();
  }

  @Override
  public void received(byte[] bytes, int offset, int length) throws IOException {
    sender.fromPeer(bytes, offset, length);
  }

  @Override
  public void end(String reason) {
    sender.close(reason);
    sender.release();
  }
}
