package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.migration.MemoryRange;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PageRequestsTest {
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
  void asksForTheFirstPagesAndAfterTheSwitchForThoseWrittenSince() {
    PageRequests requests = new PageRequests(BLOCK_BYTES, 4096);
    requests.first(
        List.of(new MemoryRange(0x2000, 0x3000), new MemoryRange(0x10000, 0x41000)),
        PageRequests.When.NOW_AND_AT_THE_SWITCH);
    assertThat(requests.ours()).as("before the target has spoken").isEmpty();
    pass(requests, pong(1));
    assertThat(requests.ours())
        .isEqualTo(
            join(
                named("pc.ram", 0x2000, 0x3000),
                named("pc.ram", 0x10000, 0x40000),
                named("pc.ram", 0x50000, 0x1000)));
    assertThat(requests.ours()).as("once").isEmpty();
    requests.dropped(new MemoryRange(0, 0x1000)); // not among the first
    requests.dropped(new MemoryRange(0x3000, 0x1000));
    requests.dropped(new MemoryRange(0x11000, 0x10000)); // a long run
    requests.dropped(new MemoryRange(0x40000, 0x2000));
    assertThat(requests.ours()).as("before the switch").isEmpty();
    pass(requests, pong(2));
    assertThat(requests.ours())
        .isEqualTo(join(named("pc.ram", 0x3000, 0x1000), named("pc.ram", 0x40000, 0x2000)));
    assertThat(requests.ours()).as("once").isEmpty();
  }

  @Test
  void asksOnlyAtTheSwitchIfSoWished() {
    PageRequests requests = new PageRequests(BLOCK_BYTES, 4096);
    requests.first(List.of(new MemoryRange(0, 0x1000)), PageRequests.When.AT_THE_SWITCH);
    pass(requests, pong(1));
    assertThat(requests.ours()).isEmpty();
    requests.dropped(new MemoryRange(0, 0x1000));
    pass(requests, pong(2));
    assertThat(requests.ours()).isEqualTo(named("pc.ram", 0));
  }

  @Test
  void asksForAtMostAFewMegabytesAfterTheSwitch() {
    long memory = 64 << 20;
    PageRequests requests = new PageRequests(memory, 4096);
    requests.first(List.of(new MemoryRange(0, memory)), PageRequests.When.AT_THE_SWITCH);
    for (long at = 0; at < memory; at += 0x2000) {
      requests.dropped(new MemoryRange(at, 0x1000));
    }
    pass(requests, pong(2));
    assertThat(requests.ours()).hasSize((4 << 20) / 0x1000 * named("pc.ram", 0).length);
  }

  @Test
  void neverAsksInsideAMessageNorWhereANamelessRequestWouldChangeItsMeaning() {
    PageRequests requests = new PageRequests(BLOCK_BYTES, 4096);
    requests.first(List.of(new MemoryRange(0, 0x1000)), PageRequests.When.NOW_AND_AT_THE_SWITCH);
    pass(requests, pong(1));
    assertThat(requests.ours()).isNotEmpty();
    requests.first(List.of(new MemoryRange(0, 0x1000)), PageRequests.When.NOW_AND_AT_THE_SWITCH);
    byte[] other = named("pc.bios", 0);
    requests.bytes(other, 0, 5);
    assertThat(requests.ours()).as("inside a message").isEmpty();
    requests.bytes(other, 5, other.length - 5);
    assertThat(requests.ours()).as("after another block's name").isEmpty();
    pass(requests, request(0x1000));
    assertThat(requests.ours()).as("a request of that other block").isEmpty();
    pass(requests, named("pc.ram", 0x4000));
    assertThat(requests.ours()).isEqualTo(named("pc.ram", 0));
  }

  private static void pass(PageRequests requests, byte[] message) {
    requests.bytes(message, 0, message.length);
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
    PageRequests ahead = new PageRequests(BLOCK_BYTES, 0x8fff);
    for (int at = 0; at < stream.length; at += piece) {
      ahead.bytes(stream, at, Math.min(piece, stream.length - at));
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
