package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.drover.model.ByteSize;
import io.drover.model.MemoryBudget;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StreamRecorderTest {
  private static final int RAM = 1;
  private static final byte[] PACKAGE = "the device state".getBytes(StandardCharsets.US_ASCII);

  private static void counted(DataOutputStream out, String text) throws IOException {
    out.writeByte(text.length());
    out.writeBytes(text);
  }

  private static void command(DataOutputStream out, int code, int... payload) throws IOException {
    out.writeByte(8);
    out.writeShort(code);
    out.writeShort(payload.length * 4);
    for (int word : payload) {
      out.writeInt(word);
    }
  }

  private static void footer(DataOutputStream out) throws IOException {
    out.writeLong(0x10);
    out.writeByte(0x7e);
    out.writeInt(RAM);
  }

  private static void head(DataOutputStream out) throws IOException {
    out.writeInt(0x5145564d);
    out.writeInt(3);
    out.writeByte(7);
    out.writeInt(4);
    out.writeBytes("pc-1");
    out.writeByte(5);
    counted(out, "configuration/uuid");
    out.writeInt(1);
    out.write(new byte[16]);
    command(out, 1);
    command(out, 2, 1);
    command(out, 3, 0, 4096, 0, 4096);
    out.writeByte(1);
    out.writeInt(RAM);
    counted(out, "ram");
    out.writeInt(0);
    out.writeInt(4);
    out.writeLong(0x3000 | 4);
    counted(out, "pc.ram");
    out.writeLong(0x2000);
    counted(out, "pc.bios");
    out.writeLong(0x1000);
    footer(out);
  }

  private static void pages(DataOutputStream out) throws IOException {
    out.writeByte(2);
    out.writeInt(RAM);
    out.writeLong(0x08);
    counted(out, "pc.ram");
    out.write(new byte[4096]);
    out.writeLong(0x1000 | 0x20 | 0x02);
    out.writeByte(0);
    out.writeLong(0x40);
    counted(out, "pc.bios");
    out.writeByte(1);
    out.writeShort(3);
    out.write(new byte[3]);
    footer(out);
  }

  private static void tail(DataOutputStream out) throws IOException {
    command(out, 2, 2);
    command(out, 7, PACKAGE.length);
    out.write(PACKAGE);
  }

  private interface Part {
    void write(DataOutputStream out) throws IOException;
  }

  private static byte[] stream(Part... parts) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    for (Part part : parts) {
      part.write(out);
    }
    return bytes.toByteArray();
  }

  private static byte[] whole() throws IOException {
    return stream(
        StreamRecorderTest::head,
        StreamRecorderTest::pages,
        out -> command(out, 6, 1, 2),
        out -> command(out, 6, 3, 4),
        StreamRecorderTest::tail,
        StreamRecorderTest::pages);
  }

  static StreamRecorder feed(byte[] stream, int chunk) {
    return feed(stream, chunk, MemoryBudget.boundless());
  }

  private static StreamRecorder feed(byte[] stream, int chunk, MemoryBudget.Share memory) {
    StreamRecorder recorder = new StreamRecorder(_ -> {}, memory);
    for (int at = 0; at < stream.length; at += chunk) {
      recorder.forward(stream, at, Math.min(chunk, stream.length - at));
    }
    return recorder;
  }

  @Test
  void keepsEverythingButPagesAndAllDiscardsButOne() throws IOException {
    StreamRecorder recorder = feed(whole(), Integer.MAX_VALUE);
    byte[] wanted =
        stream(
            StreamRecorderTest::head,
            out -> command(out, 6, 1, 2),
            StreamRecorderTest::tail,
            out -> command(out, 2, 4));
    assertThat(recorder.replay()).hasValue(wanted);
    assertThat(recorder.packagePassed()).isTrue();
    assertThat(recorder.pageRecords()).isEqualTo(1);
    assertThat(recorder.zeroRecords()).isEqualTo(1);
  }

  @Test
  void givesTheSameForPiecesOfAnySize() throws IOException {
    byte[] expected = feed(whole(), Integer.MAX_VALUE).replay().orElseThrow();
    for (int chunk = 1; chunk < 100; chunk++) {
      assertThat(feed(whole(), chunk).replay()).hasValue(expected);
    }
  }

  @Test
  void hasNoReplayBeforeThePackageIsWhole() throws IOException {
    byte[] stream = stream(StreamRecorderTest::head, StreamRecorderTest::tail);
    StreamRecorder recorder = feed(Arrays.copyOf(stream, stream.length - 1), 7);
    assertThat(recorder.replay()).isEmpty();
    assertThat(recorder.packagePassed()).isFalse();
  }

  @Test
  void givesUpOnAPackageThatIsTooBigToKeep() throws IOException {
    byte[] stream = stream(StreamRecorderTest::head, out -> command(out, 7, 17 << 20));
    StreamRecorder recorder = feed(stream, 1);
    recorder.forward(new byte[18 << 20], 0, 18 << 20);
    assertThat(recorder.packagePassed()).isFalse();
    assertThat(recorder.replay()).isEmpty();
  }

  @Test
  void keepsWhatThereIsMemoryForAndGivesUpBeyond() throws IOException {
    int blocks = 3;
    long least = (long) blocks * KeptBytes.BLOCK_BYTES;
    byte[] head = stream(StreamRecorderTest::head);
    // The command that announces the package has 9 bytes, and so has the ping that is added.
    int fits = (int) least - head.length - 9 - 9;
    for (int more = 0; more < 2; more++) {
      MemoryBudget.Share memory =
          new MemoryBudget(new ByteSize(least)).admit(least, Duration.ZERO).orElseThrow();
      int bytes = fits + more;
      byte[] stream =
          stream(
              StreamRecorderTest::head,
              out -> {
                command(out, 7, bytes);
                out.write(new byte[bytes]);
              });
      StreamRecorder recorder = feed(stream, 50_000, memory);
      boolean whole = more == 0;
      assertThat(recorder.replay().isPresent()).isEqualTo(whole);
      assertThat(memory.tryTake(whole ? 1 : least)).isEqualTo(!whole);
    }
  }

  @Test
  void givesUpOnSectionsItDoesNotKnow() throws IOException {
    byte[] stream =
        stream(
            out -> {
              head(out);
              out.writeByte(4);
              out.writeInt(2);
              counted(out, "timer");
            },
            StreamRecorderTest::tail);
    assertThat(feed(stream, 1).replay()).isEmpty();
  }

  @Test
  void survivesMutatedStreamsAndAgreesWithItselfOnThem() throws IOException {
    Random random = new Random(7);
    for (int round = 0; round < 500; round++) {
      byte[] stream = whole();
      for (int change = random.nextInt(4); change >= 0; change--) {
        stream[random.nextInt(stream.length)] = (byte) random.nextInt();
      }
      assertAgrees(stream);
    }
  }

  @FuzzTest
  void neverThrowsWhateverItReads(byte[] bytes) throws IOException {
    assertAgrees(bytes);
    byte[] headed = Arrays.copyOf(stream(StreamRecorderTest::head), 100_000);
    System.arraycopy(bytes, 0, headed, 90_000, Math.min(bytes.length, 10_000));
    assertAgrees(headed);
  }

  private static void assertAgrees(byte[] stream) {
    StreamRecorder atOnce = feed(stream, Integer.MAX_VALUE);
    StreamRecorder inBytes = feed(stream, 1);
    assertThat(inBytes.replay().isPresent()).isEqualTo(atOnce.replay().isPresent());
    atOnce.replay().ifPresent(replay -> assertThat(inBytes.replay()).hasValue(replay));
    assertThat(inBytes.pageRecords()).isEqualTo(atOnce.pageRecords());
    assertThat(inBytes.zeroRecords()).isEqualTo(atOnce.zeroRecords());
  }
}
