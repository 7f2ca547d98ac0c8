package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.chunk.ChunkName;
import io.drover.chunk.ChunkNamer;
import io.drover.chunk.Grain;
import io.drover.chunk.exchange.ByteSink;
import io.drover.chunk.exchange.Compression;
import io.drover.chunk.exchange.ContentReceiver;
import io.drover.chunk.exchange.Held;
import io.drover.model.ByteSize;
import io.drover.model.Dedup;
import io.drover.model.MemoryBudget;
import io.drover.model.MigrationOptions;
import io.drover.qemu.disk.DiskService;
import io.drover.qemu.disk.RemoteDisk;
import io.drover.qemu.nbd.BlockDevice;
import io.drover.qemu.nbd.DeviceFeature;
import io.drover.qemu.nbd.Extent;
import io.drover.qemu.nbd.NbdClient;
import io.drover.qemu.nbd.NbdLimits;
import io.drover.qemu.nbd.NbdListener;
import io.drover.qemu.nbd.NbdServer;
import io.drover.qemu.nbd.RequestFlags;
import io.drover.wire.Purpose;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Disks on their way, from the requests of their hypervisors to their devices, with no more memory
 * than each is promised: none may need more, nor what another one has.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MovesInLittleMemoryTest {
  private static final int DISK_BYTES = 8 << 20;
  private static final int BLOCK = Grain.PAGE.bytes();
  private static final int WRITERS = 8;
  private static final byte[] END = {};

  @TempDir private Path folder;

  /** A connection: who writes waits while nobody reads. */
  private static final class Wire implements ByteSink {
    private final BlockingQueue<byte[]> pieces = new ArrayBlockingQueue<>(2);

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        for (int at = 0; at < length; at += 60_000) {
          pieces.put(
              Arrays.copyOfRange(bytes, offset + at, offset + Math.min(length, at + 60_000)));
        }
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }

    void end() throws InterruptedException {
      pieces.put(END);
    }

    void drainTo(ByteSink taker) throws IOException, InterruptedException {
      for (byte[] piece = pieces.take(); piece.length > 0; piece = pieces.take()) {
        taker.write(piece, 0, piece.length);
      }
    }
  }

  private static final class Device implements BlockDevice {
    private final byte[] bytes = new byte[DISK_BYTES];

    @Override
    public long size() {
      return DISK_BYTES;
    }

    @Override
    public Set<DeviceFeature> features() {
      return Set.of();
    }

    @Override
    public void read(long offset, ByteBuffer target) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void write(long offset, ByteBuffer data, RequestFlags flags) {
      data.get(bytes, (int) offset, data.remaining());
    }

    @Override
    public void writeZeroes(long offset, long length, RequestFlags flags) {
      Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
    }

    @Override
    public void trim(long offset, long length, RequestFlags flags) {}

    @Override
    public void flush() {}

    @Override
    public List<Extent> allocation(long offset, long length) {
      throw new UnsupportedOperationException();
    }
  }

  private static final class Pages implements Held {
    private final Map<ChunkName, byte[]> pages = new ConcurrentHashMap<>();

    @Override
    public boolean lookup(ChunkName name, byte[] into, int offset) {
      byte[] found = pages.get(name);
      if (found != null) {
        System.arraycopy(found, 0, into, offset, found.length);
      }
      return found != null;
    }

    @Override
    public void arrived(ChunkName name, byte[] bytes, int offset) {}
  }

  /** Moves one disk, and compares. */
  private void moveDisk(long seed, MoveMemory.Disk atSource, MoveMemory.Disk atTarget)
      throws Exception {
    Random random = new Random(seed);
    byte[] here = new byte[DISK_BYTES];
    random.nextBytes(here);
    Pages held = new Pages();
    ChunkNamer namer = new ChunkNamer(Grain.PAGE);
    for (int at = 0; at < DISK_BYTES; at += BLOCK) {
      if (random.nextBoolean()) {
        held.pages.put(namer.name(here, at), Arrays.copyOfRange(here, at, at + BLOCK));
      }
    }
    Device there = new Device();
    Wire toTarget = new Wire();
    Wire toSource = new Wire();
    ContentReceiver[] receiver = new ContentReceiver[1];
    DiskService service =
        new DiskService(
            there, atTarget.changes(), answer -> receiver[0].back(answer, 0, answer.length));
    receiver[0] =
        new ContentReceiver(Grain.PAGE, held, atTarget.blocks(), toSource, service::received);
    RemoteDisk disk = new RemoteDisk(DISK_BYTES);
    RemoteDisk.Session session = disk.begin();
    NamedChanges changes =
        new NamedChanges(
            "disk",
            Compression.NONE,
            new NamingWorth(Dedup.ON, Optional::empty, System::nanoTime),
            atSource.blocks(),
            toTarget,
            (bytes, offset, length) -> session.answered(ByteBuffer.wrap(bytes, offset, length)),
            over -> {});
    Path socket = folder.resolve("d" + seed);
    NbdServer server =
        new NbdServer("disk", disk, new NbdLimits(64, Duration.ofSeconds(10)), atSource.changes());
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> arriving = threads.submit(task(() -> toTarget.drainTo(receiver[0]::fromPeer)));
      Future<?> answers = threads.submit(task(() -> toSource.drainTo(changes::received)));
      Future<?> sending = threads.submit(task(() -> session.send(changes)));
      try (NbdListener _ = new NbdListener(socket, server, end -> {});
          NbdClient client = NbdClient.connect(socket, "", NbdLimits.DEFAULT)) {
        write(threads, client, here, random);
      }
      session.end();
      Object _ = sending.get();
      changes.end("all is done");
      toTarget.end();
      Object _ = arriving.get();
      service.end();
      receiver[0].release();
      toSource.end();
      Object _ = answers.get();
    }
    assertThat(there.bytes).as("seed %d", seed).isEqualTo(here);
  }

  private interface Step {
    void run() throws Exception;
  }

  private static Callable<Boolean> task(Step step) {
    return () -> {
      step.run();
      return true;
    };
  }

  /** As a mirror does, and beside it a guest. */
  private static void write(ExecutorService threads, NbdClient client, byte[] here, Random random)
      throws Exception {
    List<Future<?>> writes = new ArrayList<>();
    int part = DISK_BYTES / WRITERS;
    for (int i = 0; i < WRITERS; i++) {
      int from = i * part;
      int step = random.nextInt(3) == 0 ? 30_000 + random.nextInt(4000) : part;
      writes.add(
          threads.submit(
              task(
                  () -> {
                    for (int at = from; at < from + part; at += step) {
                      int length = Math.min(step, from + part - at);
                      client.write(at, ByteBuffer.wrap(here, at, length), RequestFlags.NONE);
                    }
                  })));
    }
    for (Future<?> write : writes) {
      Object _ = write.get();
    }
  }

  @Test
  void allOfThemEndBothWaysBetweenTwoAgentsThatHaveNothingToSpare() throws Exception {
    int disks = 2;
    int moves = 3;
    MoveMemory.Needs source = MoveMemory.Needs.ofSource(MigrationOptions.defaults(), disks);
    MoveMemory.Needs target =
        MoveMemory.Needs.ofTarget(MigrationOptions.defaults(), List.of(0, 1), List.of());
    ByteSize size = new ByteSize(moves * (source.bytes() + target.bytes()));
    MemoryBudget[] agents = {new MemoryBudget(size), new MemoryBudget(size)};
    List<MoveMemory> own = new ArrayList<>();
    List<Future<?>> all = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int move = 0; move < 2 * moves; move++) {
        MoveMemory atSource =
            new MoveMemory(
                agents[move % 2].admit(source.bytes(), Duration.ZERO).orElseThrow(), source);
        MoveMemory atTarget =
            new MoveMemory(
                agents[1 - move % 2].admit(target.bytes(), Duration.ZERO).orElseThrow(), target);
        own.addAll(List.of(atSource, atTarget));
        for (int disk = 0; disk < disks; disk++) {
          long seed = 10L * move + disk;
          MoveMemory.Disk here = atSource.disk(Purpose.Channel.FIRST_DISK + disk);
          MoveMemory.Disk there = atTarget.disk(Purpose.Channel.FIRST_DISK + disk);
          all.add(threads.submit(task(() -> moveDisk(seed, here, there))));
        }
      }
      for (Future<?> one : all) {
        Object _ = one.get(100, TimeUnit.SECONDS);
      }
    }
    for (MemoryBudget agent : agents) {
      assertThat(agent.inUse()).isEqualTo(size);
    }
    own.forEach(MoveMemory::close);
    for (MemoryBudget agent : agents) {
      assertThat(agent.inUse().bytes()).isZero();
    }
  }
}
