package io.drover.microbench;

import com.sun.management.OperatingSystemMXBean;
import io.drover.model.MemoryBudget;
import io.drover.qemu.nbd.BlockDevice;
import io.drover.qemu.nbd.DeviceFeature;
import io.drover.qemu.nbd.Extent;
import io.drover.qemu.nbd.NbdClient;
import io.drover.qemu.nbd.NbdLimits;
import io.drover.qemu.nbd.NbdListener;
import io.drover.qemu.nbd.NbdServer;
import io.drover.qemu.nbd.RequestFlags;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The two ends of a disk mirror: sixteen writers, as many as QEMU has, at a client of a server in
 * this process. Behind the server is nothing, or, with {@code -p far=SOCKET}, a client of the NBD
 * server there, such as a QEMU's. Says at its end what processor time this process took for each
 * GiB.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 3)
@Measurement(iterations = 5, time = 3)
public class NbdBenchmark {
  private static final int MEBIBYTES = 256;
  private static final int WRITERS = 16;
  private static final long BYTES = (long) MEBIBYTES << 20;

  @Param({"65536", "1048576"})
  public int requestBytes;

  @Param("")
  public String far = "";

  private final OperatingSystemMXBean system =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private final AtomicLong moved = new AtomicLong();
  private final List<ByteBuffer> buffers = new ArrayList<>();
  private Optional<Bed> bed = Optional.empty();
  private long cpuNanosBefore;

  private record Bed(
      Path folder, Optional<NbdClient> behind, NbdListener listener, NbdClient client) {}

  /** Takes everything and keeps nothing. */
  private static final class Nothing implements BlockDevice {
    @Override
    public long size() {
      return BYTES;
    }

    @Override
    public Set<DeviceFeature> features() {
      return Set.of(DeviceFeature.FLUSH);
    }

    @Override
    public void read(long offset, ByteBuffer target) {
      target.position(target.limit());
    }

    @Override
    public void write(long offset, ByteBuffer data, RequestFlags flags) {}

    @Override
    public void writeZeroes(long offset, long length, RequestFlags flags) {}

    @Override
    public void trim(long offset, long length, RequestFlags flags) {}

    @Override
    public void flush() {}

    @Override
    public List<Extent> allocation(long offset, long length) {
      return List.of(new Extent(length, Extent.State.DATA));
    }
  }

  @Setup
  public void connect() throws IOException {
    Path folder = Files.createTempDirectory("drover-microbench");
    Optional<NbdClient> behind =
        far.isEmpty()
            ? Optional.empty()
            : Optional.of(NbdClient.connect(Path.of(far), "disk0", NbdLimits.DEFAULT));
    BlockDevice device = behind.<BlockDevice>map(client -> client).orElseGet(Nothing::new);
    NbdListener listener =
        new NbdListener(
            folder.resolve("s"),
            new NbdServer("disk0", device, NbdLimits.DEFAULT, MemoryBudget.boundless()),
            end -> {});
    NbdClient client = NbdClient.connect(folder.resolve("s"), "disk0", NbdLimits.DEFAULT);
    for (int i = 0; i < WRITERS; i++) {
      buffers.add(ByteBuffer.allocateDirect(requestBytes));
    }
    bed = Optional.of(new Bed(folder, behind, listener, client));
    cpuNanosBefore = system.getProcessCpuTime();
  }

  private interface Transfer {
    void run(NbdClient client, long offset, ByteBuffer buffer) throws IOException;
  }

  /** MiB a second. */
  @Benchmark
  @OperationsPerInvocation(MEBIBYTES)
  public void write() throws InterruptedException {
    transfer((client, offset, buffer) -> client.write(offset, buffer, RequestFlags.NONE));
  }

  /** MiB a second. */
  @Benchmark
  @OperationsPerInvocation(MEBIBYTES)
  public void read() throws InterruptedException {
    transfer(NbdClient::read);
  }

  private void transfer(Transfer how) throws InterruptedException {
    NbdClient client = bed.orElseThrow().client();
    long bytes = Math.min(BYTES, client.size());
    AtomicLong next = new AtomicLong();
    List<IOException> failures = new CopyOnWriteArrayList<>();
    List<Thread> writers = new ArrayList<>();
    for (ByteBuffer buffer : buffers) {
      writers.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      for (long at = next.getAndAdd(requestBytes);
                          at < BYTES;
                          at = next.getAndAdd(requestBytes)) {
                        how.run(client, at % bytes, buffer.clear());
                      }
                    } catch (IOException e) {
                      failures.add(e);
                    }
                  }));
    }
    for (Thread writer : writers) {
      writer.join();
    }
    if (!failures.isEmpty()) {
      throw new UncheckedIOException(failures.getFirst());
    }
    moved.addAndGet(BYTES);
  }

  @TearDown
  public void disconnect() throws IOException {
    double seconds = (system.getProcessCpuTime() - cpuNanosBefore) / 1e9;
    System.out.printf(
        "%n%.2f s of processor time for each GiB, the writers' own included%n",
        seconds * (1 << 30) / Math.max(1, moved.get()));
    Bed ended = bed.orElseThrow();
    ended.client().close();
    ended.listener().close();
    ended.behind().ifPresent(NbdClient::close);
    Files.delete(ended.folder());
  }
}
