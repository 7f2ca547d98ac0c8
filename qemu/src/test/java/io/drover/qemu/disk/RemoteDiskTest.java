package io.drover.qemu.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.ByteSize;
import io.drover.model.MemoryBudget;
import io.drover.qemu.nbd.BlockDevice;
import io.drover.qemu.nbd.DeviceFeature;
import io.drover.qemu.nbd.Extent;
import io.drover.qemu.nbd.NbdError;
import io.drover.qemu.nbd.NbdErrorException;
import io.drover.qemu.nbd.RequestFlags;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A disk at one end of a channel and its service at the other. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RemoteDiskTest {
  private static final int SIZE = 1 << 20;
  private static final long SEED = 4711;

  /** The target's disk, in memory. */
  private static final class Memory implements BlockDevice {
    private final byte[] bytes = new byte[SIZE];
    private final AtomicInteger flushes = new AtomicInteger();

    @Override
    public long size() {
      return SIZE;
    }

    @Override
    public Set<DeviceFeature> features() {
      return Set.of();
    }

    @Override
    public void read(long offset, ByteBuffer target) {
      throw new IllegalStateException("nobody reads here");
    }

    @Override
    public synchronized void write(long offset, ByteBuffer data, RequestFlags flags)
        throws IOException {
      if (offset == 13 << 12) {
        throw new NbdErrorException(NbdError.NO_SPACE, "full");
      }
      data.get(bytes, (int) offset, data.remaining());
    }

    @Override
    public synchronized void writeZeroes(long offset, long length, RequestFlags flags) {
      Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
    }

    @Override
    public void trim(long offset, long length, RequestFlags flags) {
      writeZeroes(offset, length, flags);
    }

    @Override
    public void flush() {
      flushes.incrementAndGet();
    }

    @Override
    public List<Extent> allocation(long offset, long length) {
      throw new IllegalStateException("nobody asks here");
    }
  }

  /** One connection; cut, it loses what it likes of what is on its way. */
  private static final class Wire implements ChangeStream, AutoCloseable {
    private final RemoteDisk.Session session;
    private final DiskService service;
    private final Thread sender;
    private final int dropsAfter;
    private int passed;
    private volatile boolean cut;

    Wire(RemoteDisk disk, Memory memory, int dropsAfter) {
      this(disk, memory, MemoryBudget.boundless(), dropsAfter);
    }

    Wire(RemoteDisk disk, Memory memory, MemoryBudget.Share room, int dropsAfter) {
      this.dropsAfter = dropsAfter;
      session = disk.begin();
      service = new DiskService(memory, room, this::answer);
      sender = Thread.ofPlatform().daemon().start(this::send);
    }

    private void send() {
      try {
        session.send(this);
      } catch (IOException | InterruptedException e) {
        // It was cut.
      }
    }

    private synchronized void answer(byte[] answer) throws IOException {
      if (cut) {
        throw new IOException("cut");
      }
      session.answered(ByteBuffer.wrap(answer));
    }

    @Override
    public void head(byte[] bytes) throws IOException {
      pass(bytes);
    }

    @Override
    public void content(long diskOffset, byte[] bytes) throws IOException {
      pass(bytes);
    }

    private void pass(byte[] bytes) throws IOException {
      for (int at = 0; at < bytes.length; at += 1000) {
        if (cut || passed++ >= dropsAfter) {
          cut = true;
          throw new IOException("cut");
        }
        service.received(bytes, at, Math.min(1000, bytes.length - at));
      }
    }

    @Override
    public void flush() {}

    void await() throws InterruptedException {
      sender.join();
    }

    @Override
    public void close() {
      cut = true;
      session.end();
      boolean ended = false;
      while (!ended) {
        try {
          ended = sender.join(Duration.ofSeconds(30));
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
      service.end();
    }
  }

  @Test
  void doesWhatItIsAskedForAtTheFarEnd() throws Exception {
    Memory memory = new Memory();
    RemoteDisk disk = new RemoteDisk(SIZE);
    try (Wire _ = new Wire(disk, memory, Integer.MAX_VALUE)) {
      disk.write(8192, ByteBuffer.wrap(new byte[] {1, 2, 3}), RequestFlags.NONE);
      disk.write(8195, ByteBuffer.wrap(new byte[] {4, 5}), RequestFlags.DURABLE);
      disk.writeZeroes(8193, 1, RequestFlags.NONE);
      disk.flush();
    }
    assertThat(Arrays.copyOfRange(memory.bytes, 8192, 8197)).containsExactly(1, 0, 3, 4, 5);
    assertThat(memory.flushes).hasValue(1);
  }

  @Test
  void zeroesCrossAsZeroes() throws Exception {
    Memory memory = new Memory();
    Arrays.fill(memory.bytes, (byte) 7);
    RemoteDisk disk = new RemoteDisk(SIZE);
    try (Wire _ = new Wire(disk, memory, Integer.MAX_VALUE)) {
      disk.write(0, ByteBuffer.wrap(new byte[SIZE / 2]), RequestFlags.NONE);
    }
    assertThat(disk.contentBytes()).isZero();
    assertThat(memory.bytes[SIZE / 2 - 1]).isZero();
    assertThat(memory.bytes[SIZE / 2]).isEqualTo((byte) 7);
  }

  @Test
  void tellsOfTheFarEndsFailures() throws Exception {
    RemoteDisk disk = new RemoteDisk(SIZE);
    try (Wire _ = new Wire(disk, new Memory(), Integer.MAX_VALUE)) {
      assertThatThrownBy(
              () -> disk.write(13 << 12, ByteBuffer.wrap(new byte[] {1}), RequestFlags.NONE))
          .isInstanceOfSatisfying(
              NbdErrorException.class, e -> assertThat(e.error()).isEqualTo(NbdError.NO_SPACE));
    }
  }

  @Test
  void nothingIsLostOrOvertakenHoweverOftenTheConnectionIsCut() throws Exception {
    Memory memory = new Memory();
    RemoteDisk disk = new RemoteDisk(SIZE);
    // For two of the writes, and it has to be there again after each cut.
    MemoryBudget.Share room =
        new MemoryBudget(new ByteSize(SIZE / 16)).admit(SIZE / 16, Duration.ZERO).orElseThrow();
    byte[] expected = new byte[SIZE];
    Random random = new Random(SEED);
    Thread reconnects =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  Random lengths = new Random(SEED + 1);
                  try {
                    while (true) {
                      try (Wire wire = new Wire(disk, memory, room, lengths.nextInt(200))) {
                        wire.await();
                      }
                    }
                  } catch (InterruptedException e) {
                    // The test is over.
                  }
                });
    try (var writers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int round = 0; round < 300; round++) {
        // Those of a round do not overlap, as those of a mirror do not.
        List<Future<?>> all = new ArrayList<>();
        for (int part = 0; part < 8; part++) {
          int offset = part * (SIZE / 8) + random.nextInt(SIZE / 16);
          byte[] data = new byte[1 + random.nextInt(SIZE / 32)];
          random.nextBytes(data);
          if (offset == 13 << 12) {
            continue;
          }
          System.arraycopy(data, 0, expected, offset, data.length);
          all.add(
              writers.submit(
                  () -> {
                    disk.write(offset, ByteBuffer.wrap(data), RequestFlags.NONE);
                    return true;
                  }));
        }
        for (Future<?> one : all) {
          Object _ = one.get(30, TimeUnit.SECONDS);
        }
      }
    } finally {
      reconnects.interrupt();
      reconnects.join();
    }
    assertThat(memory.bytes).as("seed %d", SEED).isEqualTo(expected);
    assertThat(disk.unanswered()).isZero();
    assertThat(room.tryTake(SIZE / 16)).isTrue();
  }

  @Test
  void aWriteOutOfTheMiddleOfABufferCarriesThatAndNoMore() throws Exception {
    Memory memory = new Memory();
    RemoteDisk disk = new RemoteDisk(SIZE);
    byte[] bytes = new byte[3000];
    new Random(SEED).nextBytes(bytes);
    try (Wire _ = new Wire(disk, memory, Integer.MAX_VALUE)) {
      disk.write(0, ByteBuffer.wrap(bytes, 1000, 1000), RequestFlags.NONE);
      disk.write(1000, ByteBuffer.wrap(bytes).slice(2000, 1000), RequestFlags.NONE);
      disk.write(2000, ByteBuffer.wrap(bytes, 0, 1000).asReadOnlyBuffer(), RequestFlags.NONE);
      disk.write(3000, ByteBuffer.wrap(bytes), RequestFlags.NONE);
    }
    assertThat(Arrays.copyOf(memory.bytes, 1000)).isEqualTo(Arrays.copyOfRange(bytes, 1000, 2000));
    assertThat(Arrays.copyOfRange(memory.bytes, 1000, 2000))
        .isEqualTo(Arrays.copyOfRange(bytes, 2000, 3000));
    assertThat(Arrays.copyOfRange(memory.bytes, 2000, 3000)).isEqualTo(Arrays.copyOf(bytes, 1000));
    assertThat(Arrays.copyOfRange(memory.bytes, 3000, 6000)).isEqualTo(bytes);
  }

  @Test
  void aWriteThatIsTooLongEndsTheConnectionBeforeItTakesMemory() {
    MemoryBudget.Share room = MemoryBudget.boundless();
    DiskService service = new DiskService(new Memory(), room, answer -> {});
    byte[] head =
        new Change(ChangeKind.WRITE, RequestFlags.NONE, 1, 0, Change.MAX_WRITE_BYTES + 1).encode();
    assertThatThrownBy(() -> service.received(head, 0, head.length))
        .hasMessageContaining("the peer wants");
    service.end();
    assertThat(room.isAboveLeast()).isFalse();
  }

  @Test
  void aChangeThatNeverBecomesWholeGivesItsMemoryBack() throws Exception {
    MemoryBudget.Share room =
        new MemoryBudget(new ByteSize(5000)).admit(5000, Duration.ZERO).orElseThrow();
    DiskService service = new DiskService(new Memory(), room, answer -> {});
    byte[] head = new Change(ChangeKind.WRITE, RequestFlags.NONE, 1, 0, 5000).encode();
    service.received(head, 0, head.length);
    service.received(new byte[4999], 0, 4999);
    assertThat(room.tryTake(1)).isFalse();
    service.end();
    assertThat(room.tryTake(5000)).isTrue();
  }

  @Test
  void aFailedDiskFailsWhoWaitsAndWhoComes() throws Exception {
    RemoteDisk disk = new RemoteDisk(SIZE);
    try (var writers = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> waits =
          writers.submit(
              () -> {
                disk.flush();
                return true;
              });
      while (disk.unanswered() == 0) {
        Thread.sleep(1);
      }
      disk.fail("given up");
      assertThatThrownBy(() -> waits.get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(NbdErrorException.class);
      assertThatThrownBy(disk::flush).hasMessageContaining("given up");
    }
  }

  @Test
  void whateverComesEndsTheConnectionOrIsDone() {
    Random random = new Random(SEED);
    for (int round = 0; round < 3000; round++) {
      byte[] bytes = new byte[random.nextInt(200)];
      random.nextBytes(bytes);
      if (bytes.length > Change.BYTES) {
        bytes[0] = (byte) random.nextInt(6);
        if (random.nextBoolean()) {
          Arrays.fill(bytes, 3, 3 + 8 + 6, (byte) 0);
          Arrays.fill(bytes, 19, 22, (byte) 0);
        }
      }
      DiskService service = new DiskService(new Memory(), MemoryBudget.boundless(), answer -> {});
      try {
        service.received(bytes, 0, bytes.length);
      } catch (IOException refused) {
        assertThat(refused.getMessage()).as("seed %d", SEED).contains("the peer");
      } finally {
        service.end();
      }
    }
  }
}
