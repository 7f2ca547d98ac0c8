package io.drover.chunk.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PackedStreamTest {
  private static final ByteSink NOBODY = (_, _, _) -> {};

  private final ByteArrayOutputStream crossed = new ByteArrayOutputStream();
  private final ByteArrayOutputStream arrived = new ByteArrayOutputStream();

  private static byte[] pages(int seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    for (int at = 0; at < length; at += 4096) {
      Arrays.fill(bytes, at, Math.min(length, at + 3000), (byte) seed);
    }
    return bytes;
  }

  private void deliver(PackedStream receiver, int piece) throws IOException {
    byte[] bytes = crossed.toByteArray();
    for (int at = 0; at < bytes.length; at += piece) {
      receiver.fromPeer(bytes, at, Math.min(piece, bytes.length - at));
    }
    receiver.peerEnded();
  }

  /** At least {@code writes} of them, and on until that many bytes were packed away. */
  private void crosses(Compression compression, int writes, long packedAway, ByteSink link)
      throws IOException {
    crosses(compression, System::nanoTime, writes, packedAway, link);
  }

  private void crosses(
      Compression compression, LongSupplier clock, int writes, long packedAway, ByteSink link)
      throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try (PackedStream sender = new PackedStream(compression, clock, link, NOBODY);
        PackedStream receiver = new PackedStream(compression, NOBODY, arrived::write)) {
      for (int i = 0; i < writes || sender.packedBytes() < packedAway; i++) {
        byte[] bytes = pages(i, i % 7 == 0 ? 300_000 : 4096 * (i % 5) + 1);
        all.write(bytes);
        sender.write(bytes, 0, bytes.length);
      }
      deliver(receiver, 1777);
      assertThat(arrived.toByteArray()).isEqualTo(all.toByteArray());
      assertThat(receiver.packedBytes()).isEqualTo(sender.packedBytes());
      assertThat(crossed.size() + sender.packedBytes())
          .isBetween((long) all.size(), all.size() + all.size() / 10L);
    }
  }

  @Test
  void isPackedOnAThinLink() throws IOException {
    crosses(
        Compression.ZSTD,
        20,
        100_000,
        (bytes, offset, length) -> {
          crossed.write(bytes, offset, length);
          pause();
        });
    assertThat(crossed.size()).isLessThan(arrived.size());
  }

  private static void pause() {
    try {
      Thread.sleep(10);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void crossesAsItIsOnAFastOne() throws IOException {
    crosses(Compression.ZSTD, () -> 0, 60, 0, crossed::write);
    assertThat(crossed.size()).isGreaterThan(arrived.size());
  }

  @Test
  void crossesAsItIsWhereThisMachineCannotPack() throws IOException {
    crosses(Compression.NONE, 60, 0, crossed::write);
    assertThat(crossed.size()).isGreaterThan(arrived.size());
  }

  @Test
  void anEndInTheMiddleOfAMessageIsNone() throws IOException {
    try (PackedStream sender = new PackedStream(Compression.NONE, crossed::write, NOBODY);
        PackedStream receiver = new PackedStream(Compression.NONE, NOBODY, arrived::write)) {
      sender.write(new byte[100], 0, 100);
      receiver.fromPeer(crossed.toByteArray(), 0, 50);
      assertThatThrownBy(receiver::peerEnded).hasMessageContaining("in the middle");
    }
  }

  @Test
  void nothingIsSentAfterItsEnd() {
    PackedStream sender = new PackedStream(Compression.ZSTD, crossed::write, NOBODY);
    sender.close();
    assertThatThrownBy(() -> sender.write(new byte[10], 0, 10)).hasMessageContaining("closed");
    assertThat(crossed.size()).isZero();
  }

  /** A frame that would unpack to more than was agreed must not take more memory than that. */
  @Test
  void bombsAreRefused() {
    byte[] frame = Zstd.compress(new byte[50 << 20]);
    byte[] message = new byte[Message.HEAD_BYTES + frame.length];
    Message.PACKED_BYTES.head(message, frame.length);
    System.arraycopy(frame, 0, message, Message.HEAD_BYTES, frame.length);
    try (PackedStream receiver = new PackedStream(Compression.ZSTD, NOBODY, arrived::write)) {
      assertThatThrownBy(() -> receiver.fromPeer(message, 0, message.length))
          .isInstanceOf(IOException.class);
    }
    assertThat(arrived.size()).isZero();
  }
}
