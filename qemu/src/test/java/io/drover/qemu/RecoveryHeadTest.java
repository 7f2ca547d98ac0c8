package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class RecoveryHeadTest {
  private static final int RECEIVED_BITMAP = 8;
  private static final int RESUME = 9;

  private final RecoveryHead head = new RecoveryHead();

  private static byte[] bytes(int... values) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int value : values) {
      bytes.write(value);
    }
    return bytes.toByteArray();
  }

  private static byte[] bitmapWanted(String block) {
    byte[] name = block.getBytes(StandardCharsets.US_ASCII);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(bytes(8, 0, RECEIVED_BITMAP, 0, name.length + 1, name.length));
    bytes.writeBytes(name);
    return bytes.toByteArray();
  }

  private void feed(byte[] bytes, int piece) {
    for (int at = 0; at < bytes.length; at += piece) {
      head.bytes(bytes, at, Math.min(piece, bytes.length - at));
    }
  }

  @Test
  void resumesWithTheCommandForIt() {
    feed(bitmapWanted("pc.ram"), 100);
    feed(bitmapWanted("0000:00:02.0/virtio-net-pci.rom"), 100);
    assertThat(head.resumed()).isFalse();
    feed(bytes(8, 0, RESUME, 0), 100);
    assertThat(head.resumed()).isFalse();
    feed(bytes(0), 100);
    assertThat(head.resumed()).isTrue();
  }

  @Test
  void takesTheHeadInPiecesOfAnySize() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    // A name that looks like the command.
    all.writeBytes(bitmapWanted("\b\0\t\0\0"));
    all.writeBytes(bytes(8, 0, RESUME, 0, 0, 2, 0, 0, 0, 7));
    feed(all.toByteArray(), 1);
    assertThat(head.resumed()).isTrue();
  }

  @Test
  void isNotMisledByWhatFollowsNoCommand() {
    feed(bytes(2, 8, 0, RESUME, 0, 0, 8, 0, RESUME, 0, 0), 4);
    assertThat(head.resumed()).isFalse();
  }
}
