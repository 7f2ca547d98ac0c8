package io.drover.qemu.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.MemoryBudget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each end with QEMU's own programs as the other. */
@Tag("real")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NbdIT {
  private static final int SIZE = 16 << 20;
  private static final int RUN = 64 << 10;

  private final RealTools tools;
  private final MemoryDevice device = new MemoryDevice(SIZE);
  private final LinkedBlockingQueue<NbdEnd> ends = new LinkedBlockingQueue<>();

  NbdIT() throws IOException {
    tools = new RealTools("qemu-img", "qemu-io", "qemu-nbd");
  }

  @AfterEach
  void end() throws IOException {
    tools.close();
  }

  private NbdListener listen() throws IOException {
    return new NbdListener(
        tools.path("s"),
        new NbdServer("disk0", device, NbdLimits.DEFAULT, MemoryBudget.boundless()),
        ends::add);
  }

  private String uri() {
    return "nbd+unix:///disk0?socket=" + tools.path("s");
  }

  /** Every third run has bytes. */
  private static byte[] sparse() {
    byte[] bytes = new byte[SIZE];
    Random random = new Random(5);
    byte[] run = new byte[RUN];
    for (int at = 0; at < SIZE; at += 3 * RUN) {
      random.nextBytes(run);
      System.arraycopy(run, 0, bytes, at, Math.min(RUN, SIZE - at));
    }
    return bytes;
  }

  @Test
  void imagesGoInAndComeOutAndStaySparse() throws Exception {
    byte[] bytes = sparse();
    Path image = tools.image("in", SIZE, bytes, RUN);
    byte[] junk = new byte[SIZE];
    Arrays.fill(junk, (byte) 0xff);
    device.write(0, ByteBuffer.wrap(junk), RequestFlags.NONE);
    try (NbdListener listener = listen()) {
      RealTools.run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image.toString(), uri());
      assertThat(device.bytes).isEqualTo(bytes);
      assertThat(device.allocatedBytes()).isLessThanOrEqualTo(SIZE / 3 + RUN);
      RealTools.run("qemu-img", "compare", "-f", "raw", "-F", "raw", image.toString(), uri());
      String map = RealTools.run("qemu-img", "map", "-f", "raw", "--output=json", uri());
      assertThat(map).contains("\"zero\": true, \"data\": false");
      Path out = tools.path("out");
      RealTools.run("qemu-img", "convert", "-f", "raw", "-O", "raw", uri(), out.toString());
      assertThat(Files.mismatch(image, out)).isEqualTo(-1);
      assertThat(RealTools.allocatedBytes(out)).isLessThanOrEqualTo(SIZE / 3 + 2L * RUN);
      assertThat(device.flushes.get()).isPositive();
      for (int i = 0; i < 4; i++) {
        assertThat(ends.poll(30, TimeUnit.SECONDS)).isEqualTo(new NbdEnd.Disconnected());
      }
      assertThat(listener).isNotNull();
    }
  }

  @Test
  void doesWhatQemuIoAsksFor() throws Exception {
    try (NbdListener listener = listen()) {
      String said =
          RealTools.run(
              "qemu-io",
              "-f",
              "raw",
              "-d",
              "unmap",
              "-c",
              "write -P 0x11 0 4M",
              "-c",
              "write -f -P 0x22 4097 123",
              "-c",
              "write -z -u 1M 64k",
              "-c",
              "write -z 2M 64k",
              "-c",
              "discard 3M 64k",
              "-c",
              "flush",
              "-c",
              "aio_write -P 0x33 8M 1M",
              "-c",
              "aio_write -P 0x44 9M 1M",
              "-c",
              "aio_write -P 0x55 10M 1M",
              "-c",
              "aio_flush",
              "-c",
              "read -P 0x22 4097 123",
              "-c",
              "read -P 0 1M 64k",
              "-c",
              "read -P 0 2M 64k",
              "-c",
              "read -P 0x44 9M 1M",
              "-c",
              "read -P 0x11 3211264 64k",
              uri());
      assertThat(said).doesNotContain("failed");
      assertThat(listener).isNotNull();
    }
    assertThat(device.bytes[4096]).isEqualTo((byte) 0x11);
    assertThat(device.bytes[4097]).isEqualTo((byte) 0x22);
    assertThat(device.bytes[11 << 20]).isZero();
    assertThat(device.bytes[(11 << 20) - 1]).isEqualTo((byte) 0x55);
    assertThat(device.durable.get()).isPositive();
    // Four megabytes and three: without the hole and the discard, with the zeroes in between.
    assertThat(device.allocatedBytes()).isEqualTo((7L << 20) - (128 << 10));
  }

  @Test
  void qemuHearsOfTheDevicesErrors() throws Exception {
    device.before =
        (command, offset) -> {
          if (command == Command.WRITE) {
            throw new NbdErrorException(NbdError.NO_SPACE, "the far side is full");
          }
        };
    try (NbdListener listener = listen()) {
      Process process =
          new ProcessBuilder("qemu-io", "-f", "raw", "-c", "write 0 4k", uri())
              .redirectErrorStream(true)
              .start();
      assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .contains("No space left on device");
      assertThat(listener).isNotNull();
    }
  }

  private Process export(Path image) throws IOException {
    return new ProcessBuilder(
            "qemu-nbd",
            "-k",
            tools.path("q").toString(),
            "-x",
            "disk0",
            "-f",
            "raw",
            "--discard=unmap",
            "-t",
            "-e",
            "2",
            image.toString())
        .redirectErrorStream(true)
        .redirectOutput(tools.path("q.log").toFile())
        .start();
  }

  private NbdClient connect(Process qemu) throws Exception {
    return RealTools.connected(
        qemu, () -> NbdClient.connect(tools.path("q"), "disk0", NbdLimits.DEFAULT));
  }

  @Test
  void theClientDoesToQemusExportWhatItWouldInMemory() throws Exception {
    byte[] model = sparse();
    Path image = tools.image("image", SIZE, model, RUN);
    Process qemu = export(image);
    try (NbdClient client = connect(qemu)) {
      assertThat(client.size()).isEqualTo(SIZE);
      assertThat(client.blockSizes().minimum()).isEqualTo(1);
      assertThat(client.features())
          .contains(
              DeviceFeature.FLUSH,
              DeviceFeature.DURABLE_WRITES,
              DeviceFeature.TRIM,
              DeviceFeature.WRITE_ZEROES,
              DeviceFeature.ALLOCATION)
          .doesNotContain(DeviceFeature.READ_ONLY);
      assertThat(client.allocation(0, SIZE).get(1))
          .isEqualTo(new Extent(2L * RUN, Extent.State.HOLE_OF_ZEROES));
      Random random = new Random(9);
      for (int i = 0; i < 400; i++) {
        step(client, random, model);
      }
      client.writeZeroes(0, 4 << 20, RequestFlags.NONE);
      Arrays.fill(model, 0, 4 << 20, (byte) 0);
      assertThat(client.allocation(0, 4 << 20))
          .containsExactly(new Extent(4 << 20, Extent.State.HOLE_OF_ZEROES));
      client.flush();
      assertThatThrownBy(() -> NbdClient.connect(tools.path("q"), "disk1", NbdLimits.DEFAULT))
          .isInstanceOf(NbdRefusedException.class)
          .hasMessageContaining("disk1");
    } finally {
      qemu.destroy();
      assertThat(qemu.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(Files.readAllBytes(image)).isEqualTo(model);
    assertThat(RealTools.allocatedBytes(image)).isLessThan(SIZE - (4 << 20) + RUN);
  }

  private static void step(NbdClient client, Random random, byte[] model) throws IOException {
    int at = random.nextInt(SIZE);
    int length = Math.min(1 + random.nextInt(1 << random.nextInt(21)), SIZE - at);
    switch (random.nextInt(4)) {
      case 0 -> {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        System.arraycopy(bytes, 0, model, at, length);
        client.write(at, ByteBuffer.wrap(bytes), RequestFlags.NONE);
      }
      case 1 -> {
        RequestFlags flags =
            random.nextBoolean() ? RequestFlags.KEEP_ALLOCATED : RequestFlags.DURABLE;
        client.writeZeroes(at, length, flags);
        Arrays.fill(model, at, at + length, (byte) 0);
      }
      default -> {
        ByteBuffer target = ByteBuffer.allocateDirect(length);
        client.read(at, target);
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(model, at, length));
      }
    }
  }

  @Test
  void theClientSaysWhenQemuHasGone() throws Exception {
    Process qemu = export(tools.image("image", SIZE, sparse(), RUN));
    try (NbdClient client = connect(qemu)) {
      client.flush();
      qemu.destroyForcibly();
      assertThat(qemu.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThatThrownBy(client::flush).isInstanceOf(NbdDisconnectedException.class);
      assertThat(client.isOpen()).isFalse();
    }
  }
}
