package io.drover.chunk.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import io.drover.chunk.ChunkName;
import io.drover.chunk.ChunkNamer;
import io.drover.chunk.Grain;
import io.drover.model.MemoryBudget;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Chunks that cross compressed. */
@Timeout(60)
class PackingTest {
  private static final int PAGE = Grain.PAGE.bytes();
  private static final int BATCH = 32 * PAGE;
  private static final long SLOW = 5_000_000;
  private static final long FAST = 1_000;
  private static final long STEP = 100_000;

  private final byte[] into = new byte[Packer.bound(BATCH)];
  private long nanos;

  /** Text-like: half of each page is its number again and again. */
  private static byte[] plain(int seed) {
    byte[] bytes = new byte[BATCH];
    new Random(seed).nextBytes(bytes);
    for (int at = 0; at < BATCH; at += PAGE) {
      Arrays.fill(bytes, at, at + PAGE / 2, (byte) seed);
    }
    return bytes;
  }

  private static byte[] noise(int seed) {
    byte[] bytes = new byte[BATCH];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** Each step takes a moment, however busy this machine is. */
  private long now() {
    nanos += STEP;
    return nanos;
  }

  private int pack(Packer packer, byte[] bytes, long waited) {
    int packed = packer.pack(bytes, 0, BATCH, into, 0);
    packer.waited(waited);
    return packed;
  }

  @Test
  void packsWhereItWouldWaitForTheLinkAnyway() {
    try (Packer packer = new Packer(Compression.ZSTD, this::now)) {
      int packed = BATCH;
      for (int i = 0; i < 40; i++) {
        packed = pack(packer, plain(i), SLOW);
      }
      assertThat(packed).isLessThan(BATCH * 6 / 10);
      byte[] back = new byte[BATCH];
      assertThat(Zstd.decompressByteArray(back, 0, BATCH, into, 0, packed)).isEqualTo(BATCH);
      assertThat(back).isEqualTo(plain(39));
    }
  }

  @Test
  void packsWhereThereIsLittleToDoIfThatIsTheLinksDoing() {
    assertThat(packedWhileIdle(Compression.ZSTD_WHEN_IDLE_TOO)).isLessThan(BATCH * 6 / 10);
    assertThat(packedWhileIdle(Compression.ZSTD)).isEqualTo(BATCH);
  }

  private int packedWhileIdle(Compression compression) {
    try (Packer packer = new Packer(compression, this::now)) {
      int packed = BATCH;
      for (int i = 0; i < 40; i++) {
        packed = pack(packer, plain(i), FAST);
        nanos += 10 * SLOW;
      }
      return packed;
    }
  }

  @Test
  void sendsAsItIsWhereTheLinkIsFaster() {
    try (Packer packer = new Packer(Compression.ZSTD, this::now)) {
      for (int i = 0; i < 100; i++) {
        assertThat(pack(packer, plain(i), FAST)).isEqualTo(BATCH);
      }
      for (int i = 0; i < 40; i++) {
        int _ = pack(packer, plain(i), SLOW);
      }
      assertThat(pack(packer, plain(1), SLOW)).isLessThan(BATCH);
      for (int i = 0; i < 400; i++) {
        int _ = pack(packer, plain(i), FAST);
      }
      assertThat(pack(packer, plain(1), FAST)).isEqualTo(BATCH);
    }
  }

  @Test
  void whatDoesNotGetShorterCrossesAsItIs() {
    try (Packer packer = new Packer(Compression.ZSTD, this::now)) {
      for (int i = 0; i < 100; i++) {
        assertThat(pack(packer, noise(i), SLOW)).isEqualTo(BATCH);
      }
    }
  }

  @Test
  void packedChunksArriveAsTheyWere() throws Exception {
    ByteArrayOutputStream received = new ByteArrayOutputStream();
    ContentSender[] late = new ContentSender[1];
    ContentReceiver receiver =
        new ContentReceiver(
            Grain.PAGE,
            Held.NOTHING,
            MemoryBudget.boundless(),
            (bytes, offset, length) -> late[0].fromPeer(bytes, offset, length),
            received::write);
    ContentSender sender =
        new ContentSender(
            Grain.PAGE,
            4,
            Compression.ofMachine(),
            MemoryBudget.boundless(),
            (bytes, offset, length) -> {
              pauseLikeALink(length);
              synchronized (receiver) {
                receiver.fromPeer(bytes, offset, length);
              }
            },
            new Back() {
              @Override
              public void write(byte[] bytes, int offset, int length) {}

              @Override
              public void end() {}
            },
            ChunkWatch.NOBODY);
    late[0] = sender;
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                sender.sendWanted();
              } catch (IOException closed) {
                // as it ends
              }
            });
    ByteArrayOutputStream sent = new ByteArrayOutputStream();
    for (int i = 0; i < 60; i++) {
      byte[] batch = plain(i);
      sent.write(batch);
      for (int at = 0; at < BATCH; at += PAGE) {
        sender.chunk(batch, at);
      }
    }
    sender.end();
    sender.close();
    assertThat(received.toByteArray()).isEqualTo(sent.toByteArray());
    assertThat(sender.saving().packedBytes()).isGreaterThan(20L * BATCH * 4 / 10);
    assertThat(receiver.saving()).isEqualTo(sender.saving());
  }

  private static void pauseLikeALink(int length) {
    if (length > PAGE) {
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Test
  void whatCannotBeUnpackedOrBecomesTooMuchEndsTheExchange() throws Exception {
    byte[] page = Arrays.copyOf(noise(1), PAGE);
    byte[] bomb = Zstd.compress(new byte[64 << 20]);
    for (byte[] frame : new byte[][] {{1, 2, 3}, bomb, Zstd.compress(new byte[PAGE - 1]), {}}) {
      ContentReceiver receiver =
          new ContentReceiver(
              Grain.PAGE, Held.NOTHING, MemoryBudget.boundless(), (b, o, l) -> {}, (b, o, l) -> {});
      byte[] announced = announce(new ChunkNamer(Grain.PAGE).name(page, 0));
      receiver.fromPeer(announced, 0, announced.length);
      byte[] message = new byte[Message.HEAD_BYTES + frame.length];
      Message.PACKED_CHUNKS.head(message, frame.length);
      System.arraycopy(frame, 0, message, Message.HEAD_BYTES, frame.length);
      assertThatThrownBy(() -> receiver.fromPeer(message, 0, message.length))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("unpacked");
    }
  }

  private static byte[] announce(ChunkName name) {
    int length = 2 + Integer.BYTES + ChunkName.BYTES + Integer.BYTES;
    byte[] message = new byte[Message.HEAD_BYTES + length];
    Message.BATCH.head(message, length);
    ByteBuffer out = ByteBuffer.wrap(message).position(Message.HEAD_BYTES);
    out.putShort((short) 1).putInt(0);
    name.write(message, out.position());
    return message;
  }
}
