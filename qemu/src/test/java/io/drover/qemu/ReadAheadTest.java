package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReadAheadTest {
  private static final long BLOCK_BYTES = 1 << 20;

  @Test
  void widensARequestOfTheBlockAndThoseAfterItWithoutAName() {
    byte[] stream = join(pong(1), named("pc.ram", 0x4000), request(0x9000));
    widen(stream, stream.length);
    assertThat(stream)
        .isEqualTo(join(pong(1), named("pc.ram", 0x4000, 0x8000), requestOf(0x9000, 0x8000)));
  }

  @Test
  void neverReachesBeyondTheBlock() {
    byte[] stream = named("pc.ram", BLOCK_BYTES - 0x2000);
    widen(stream, stream.length);
    assertThat(stream).isEqualTo(named("pc.ram", BLOCK_BYTES - 0x2000, 0x2000));
  }

  @Test
  void leavesOtherBlocksAndOtherLengthsAlone() {
    byte[] stream =
        join(named("pc.bios", 0), request(0x1000), named("pc.ram", 0, 0x200000), pong(4));
    byte[] before = stream.clone();
    widen(stream, stream.length);
    assertThat(stream).isEqualTo(before);
  }

  @Test
  void findsItsWayPastARecoverysBitmaps() {
    byte[] bitmap = new byte[64];
    new Random(1).nextBytes(bitmap);
    byte[] recovery =
        ByteBuffer.allocate(4 + 7 + 8 + bitmap.length + 8)
            .putShort((short) 5)
            .putShort((short) 7)
            .put((byte) 6)
            .put("pc.ram".getBytes(StandardCharsets.US_ASCII))
            .putLong(bitmap.length)
            .put(bitmap)
            .putLong(0x0123456789abcdefL)
            .array();
    byte[] stream = join(recovery, named("pc.ram", 0x4000));
    widen(stream, stream.length);
    assertThat(stream).isEqualTo(join(recovery, named("pc.ram", 0x4000, 0x8000)));
  }

  @Test
  void piecesOfAnySizeChangeNothingButLengths() {
    byte[] stream = join(named("pc.ram", 0x4000), pong(2), request(0x8000), request(0x10000));
    for (int piece = 1; piece <= stream.length; piece++) {
      byte[] cut = stream.clone();
      widen(cut, piece);
      for (int i = 0; i < stream.length; i++) {
        boolean length = (i >= 12 && i < 16) || (i >= 43 && i < 47) || (i >= 59 && i < 63);
        assertThat(length || cut[i] == stream[i]).as("byte %d in pieces of %d", i, piece).isTrue();
      }
    }
  }

  @Test
  void foreignBytesDoNotDisturbIt() {
    Random random = new Random(7);
    for (int i = 0; i < 2000; i++) {
      byte[] noise = new byte[random.nextInt(600)];
      random.nextBytes(noise);
      widen(noise, 1 + random.nextInt(64));
    }
  }

  private static void widen(byte[] stream, int piece) {
    ReadAhead ahead = new ReadAhead("pc.ram", BLOCK_BYTES, 0x8fff);
    for (int at = 0; at < stream.length; at += piece) {
      ahead.widen(stream, at, Math.min(piece, stream.length - at));
    }
  }

  private static byte[] named(String block, long start) {
    return named(block, start, 0x1000);
  }

  private static byte[] named(String block, long start, int length) {
    byte[] name = block.getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(17 + name.length)
        .putShort((short) 3)
        .putShort((short) (13 + name.length))
        .putLong(start)
        .putInt(length)
        .put((byte) name.length)
        .put(name)
        .array();
  }

  private static byte[] request(long start) {
    return requestOf(start, 0x1000);
  }

  private static byte[] requestOf(long start, int length) {
    return ByteBuffer.allocate(16)
        .putShort((short) 4)
        .putShort((short) 12)
        .putLong(start)
        .putInt(length)
        .array();
  }

  private static byte[] pong(int value) {
    return ByteBuffer.allocate(8).putShort((short) 2).putShort((short) 4).putInt(value).array();
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
