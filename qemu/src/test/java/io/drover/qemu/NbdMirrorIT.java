package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.MemoryBudget;
import io.drover.qemu.nbd.BlockDevice;
import io.drover.qemu.nbd.BlockSizes;
import io.drover.qemu.nbd.DeviceFeature;
import io.drover.qemu.nbd.Extent;
import io.drover.qemu.nbd.NbdClient;
import io.drover.qemu.nbd.NbdEnd;
import io.drover.qemu.nbd.NbdLimits;
import io.drover.qemu.nbd.NbdListener;
import io.drover.qemu.nbd.NbdServer;
import io.drover.qemu.nbd.RealTools;
import io.drover.qemu.nbd.RequestFlags;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A disk of one QEMU mirrored to another's through both ends, as a migration does it, while it is
 * written to.
 */
@Tag("real")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NbdMirrorIT {
  private static final int SIZE = 64 << 20;
  private static final int RUN = 256 << 10;

  private final RealTools tools;

  NbdMirrorIT() throws IOException {
    tools = new RealTools("qemu-system-x86_64");
  }

  @AfterEach
  void end() throws IOException {
    tools.close();
  }

  /** A QEMU without a guest, but with a disk. */
  private final class Machine implements AutoCloseable {
    private final Path log;
    private final Process process;
    private final LinkedBlockingQueue<QmpEvent> events = new LinkedBlockingQueue<>();
    private final Qmp qmp;

    Machine(String name, Path image) throws Exception {
      Path monitor = tools.path(name + ".qmp");
      log = tools.path(name + ".log");
      process =
          new ProcessBuilder(
                  "qemu-system-x86_64",
                  "-machine",
                  "none",
                  "-accel",
                  "tcg",
                  "-nodefaults",
                  "-no-user-config",
                  "-display",
                  "none",
                  "-S",
                  "-qmp",
                  "unix:" + monitor + ",server=on,wait=off")
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      try {
        qmp = connect(name, monitor);
        ObjectNode disk = Qmp.object();
        disk.put("driver", "raw").put("node-name", "disk").put("discard", "unmap");
        disk.putObject("file")
            .put("driver", "file")
            .put("filename", image.toString())
            .put("discard", "unmap");
        qmp.run("blockdev-add", disk);
      } catch (Exception | AssertionError e) {
        process.destroyForcibly();
        throw e;
      }
    }

    private Qmp connect(String name, Path monitor) throws Exception {
      Qmp connected =
          RealTools.connected(
              process, () -> Qmp.connect(monitor, Qmp.events(events::add), name + "-"));
      connected.negotiate(Duration.ofSeconds(30));
      return connected;
    }

    void export(Path socket) {
      ObjectNode address = Qmp.object();
      address
          .putObject("addr")
          .put("type", "unix")
          .putObject("data")
          .put("path", socket.toString());
      qmp.run("nbd-server-start", address);
      qmp.run(
          "block-export-add",
          Qmp.object()
              .put("type", "nbd")
              .put("id", "export0")
              .put("node-name", "disk")
              .put("name", "disk0")
              .put("writable", true));
    }

    void mirror(Path socket, String copyMode) {
      ObjectNode far = Qmp.object();
      // Without leave to discard, QEMU asks for zeroes that keep their space.
      far.put("driver", "nbd")
          .put("node-name", "far")
          .put("export", "disk0")
          .put("discard", "unmap");
      far.putObject("server").put("type", "unix").put("path", socket.toString());
      qmp.run("blockdev-add", far);
      qmp.run(
          "blockdev-mirror",
          Qmp.object()
              .put("job-id", "mirror")
              .put("device", "disk")
              .put("target", "far")
              .put("sync", "full")
              .put("copy-mode", copyMode)
              .put("filter-node-name", "top"));
    }

    /** As a guest would, above the mirror. What it says is in QEMU's log at the end. */
    void io(String command) {
      qmp.run(
          "human-monitor-command",
          Qmp.object().put("command-line", "qemu-io top \"" + command + "\""));
    }

    JsonNode await(String event) throws InterruptedException {
      while (true) {
        QmpEvent next = events.poll(60, TimeUnit.SECONDS);
        assertThat(next).as("waiting for " + event).isNotNull();
        if (next != null && next.name().equals(event)) {
          return next.data();
        }
      }
    }

    String jobStatus() {
      return qmp.run("query-jobs").path(0).path("status").asString();
    }

    @Override
    public void close() throws IOException {
      try {
        QmpReply _ = qmp.ask("quit", Qmp.object(), Duration.ofSeconds(30));
        qmp.close();
        process.onExit().get(30, TimeUnit.SECONDS);
      } catch (InterruptedException | ExecutionException | TimeoutException e) {
        throw new IllegalStateException("QEMU does not end", e);
      } finally {
        process.destroyForcibly();
      }
      assertThat(Files.readString(log)).doesNotContainIgnoringCase("error", "failed");
    }
  }

  /** A link between the two ends that can be cut: requests then wait. */
  private static final class Link implements BlockDevice {
    private final BlockDevice far;
    private volatile CountDownLatch cut = new CountDownLatch(0);
    final CountDownLatch someWaited = new CountDownLatch(1);
    final AtomicLong written = new AtomicLong();
    final AtomicLong zeroed = new AtomicLong();

    Link(BlockDevice far) {
      this.far = far;
    }

    void cut() {
      cut = new CountDownLatch(1);
    }

    void heal() {
      cut.countDown();
    }

    private BlockDevice over() throws IOException {
      try {
        if (cut.getCount() > 0) {
          someWaited.countDown();
        }
        cut.await();
        return far;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException();
      }
    }

    @Override
    public long size() {
      return far.size();
    }

    @Override
    public BlockSizes blockSizes() {
      return far.blockSizes();
    }

    @Override
    public Set<DeviceFeature> features() {
      return far.features();
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
      over().read(offset, target);
    }

    @Override
    public void write(long offset, ByteBuffer data, RequestFlags flags) throws IOException {
      written.addAndGet(data.remaining());
      over().write(offset, data, flags);
    }

    @Override
    public void writeZeroes(long offset, long length, RequestFlags flags) throws IOException {
      zeroed.addAndGet(length);
      over().writeZeroes(offset, length, flags);
    }

    @Override
    public void trim(long offset, long length, RequestFlags flags) throws IOException {
      over().trim(offset, length, flags);
    }

    @Override
    public void flush() throws IOException {
      over().flush();
    }

    @Override
    public List<Extent> allocation(long offset, long length) throws IOException {
      return over().allocation(offset, length);
    }
  }

  /** Every fourth run has bytes. */
  private static byte[] disk() {
    byte[] bytes = new byte[SIZE];
    Random random = new Random(21);
    byte[] run = new byte[RUN];
    for (int at = 0; at < SIZE; at += 4 * RUN) {
      random.nextBytes(run);
      System.arraycopy(run, 0, bytes, at, RUN);
    }
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(strings = {"background", "write-blocking"})
  void aDiskThatIsWrittenToMeanwhileArrivesByteByByteAndSparse(String copyMode) throws Exception {
    byte[] junk = new byte[SIZE];
    Arrays.fill(junk, (byte) 0xee);
    Path from = tools.image("from", SIZE, disk(), RUN);
    Path to = tools.image("to", SIZE, junk, RUN);
    LinkedBlockingQueue<NbdEnd> ends = new LinkedBlockingQueue<>();
    try (Machine source = new Machine("a", from);
        Machine target = new Machine("b", to)) {
      target.export(tools.path("b.nbd"));
      NbdClient client = NbdClient.connect(tools.path("b.nbd"), "disk0", NbdLimits.DEFAULT);
      Link link = new Link(client);
      NbdListener listener =
          new NbdListener(
              tools.path("a.nbd"),
              new NbdServer("disk0", link, NbdLimits.DEFAULT, MemoryBudget.boundless()),
              ends::add);
      try (client;
          listener) {
        link.cut();
        source.mirror(tools.path("a.nbd"), copyMode);
        assertThat(link.someWaited.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(source.jobStatus()).isEqualTo("running");
        link.heal();
        source.io("write -P 0x11 1M 1M");
        source.io("write -P 0x12 8195k 13k");
        source.await("BLOCK_JOB_READY");
        source.io("write -P 0x21 20M 3M");
        source.io("write -P 0x22 12345678 4321");
        source.io("write -z -u 4M 256k");
        source.io("discard 24M 256k");
        source.io("write -z 40M 512k");
        source.io("flush");
        source.qmp.run("block-job-cancel", Qmp.object().put("device", "mirror"));
        JsonNode end = source.await("BLOCK_JOB_COMPLETED");
        assertThat(end.has("error")).as("%s", end).isFalse();
        assertThat(end.path("offset").asLong()).isEqualTo(end.path("len").asLong());
        source.qmp.run("blockdev-del", Qmp.object().put("node-name", "far"));
        assertThat(ends.poll(30, TimeUnit.SECONDS)).isEqualTo(new NbdEnd.Disconnected());
        assertThat(link.zeroed.get()).isPositive();
        assertThat(link.written.get()).isLessThan(SIZE / 2);
      }
      target.qmp.run("nbd-server-stop");
    }
    assertThat(Files.mismatch(from, to)).isEqualTo(-1);
    assertThat(RealTools.allocatedBytes(from)).isLessThan(SIZE / 2);
    assertThat(RealTools.allocatedBytes(to)).isLessThan(SIZE / 2);
  }
}
