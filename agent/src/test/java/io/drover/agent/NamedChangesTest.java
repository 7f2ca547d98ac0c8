package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.chunk.ChunkName;
import io.drover.chunk.ChunkNamer;
import io.drover.chunk.Grain;
import io.drover.chunk.exchange.Compression;
import io.drover.chunk.exchange.ContentReceiver;
import io.drover.chunk.exchange.Held;
import io.drover.model.Dedup;
import io.drover.qemu.disk.DiskService;
import io.drover.qemu.disk.RemoteDisk;
import io.drover.qemu.nbd.BlockDevice;
import io.drover.qemu.nbd.DeviceFeature;
import io.drover.qemu.nbd.Extent;
import io.drover.qemu.nbd.RequestFlags;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class NamedChangesTest {
  private static final int DISK_BYTES = 8 << 20;
  private static final int BLOCK = Grain.PAGE.bytes();

  private final byte[] there = new byte[DISK_BYTES];
  private final Map<ChunkName, byte[]> held = new HashMap<>();
  private final ChunkNamer namer = new ChunkNamer(Grain.PAGE);
  private final RemoteDisk disk = new RemoteDisk(DISK_BYTES);
  private final RemoteDisk.Session session = disk.begin();
  private final AtomicLong crossed = new AtomicLong();
  private final Wire toTarget = new Wire();
  private final Wire toSource = new Wire();

  /** Messages on their way, in pieces that have nothing to do with where they begin. */
  private static final class Wire {
    private final BlockingQueue<byte[]> pieces = new LinkedBlockingQueue<>();
    private final Random random = new Random(1);

    synchronized void write(byte[] bytes, int offset, int length) {
      for (int at = 0; at < length; ) {
        int piece = Math.min(length - at, 1 + random.nextInt(20_000));
        pieces.add(Arrays.copyOfRange(bytes, offset + at, offset + at + piece));
        at += piece;
      }
    }

    interface Taker {
      void take(byte[] bytes, int offset, int length) throws IOException;
    }

    void drainTo(Taker taker) {
      Thread.ofPlatform()
          .daemon()
          .start(
              () -> {
                try {
                  while (true) {
                    byte[] piece = pieces.take();
                    taker.take(piece, 0, piece.length);
                  }
                } catch (InterruptedException | IOException e) {
                  throw new IllegalStateException(e);
                }
              });
    }
  }

  /** The target's disk. */
  private final class Device implements BlockDevice {
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
      data.get(there, (int) offset, data.remaining());
    }

    @Override
    public void writeZeroes(long offset, long length, RequestFlags flags) {
      Arrays.fill(there, (int) offset, (int) (offset + length), (byte) 0);
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

  private NamedChanges connect(Compression compression) {
    ContentReceiver[] receiver = new ContentReceiver[1];
    DiskService service =
        new DiskService(new Device(), answer -> receiver[0].back(answer, 0, answer.length));
    receiver[0] =
        new ContentReceiver(
            Grain.PAGE,
            new Held() {
              @Override
              public boolean lookup(ChunkName name, byte[] into, int offset) {
                byte[] found = held.get(name);
                if (found != null) {
                  System.arraycopy(found, 0, into, offset, found.length);
                }
                return found != null;
              }

              @Override
              public void arrived(ChunkName name, byte[] bytes, int offset) {}
            },
            toSource::write,
            service::received);
    NamedChanges changes =
        new NamedChanges(
            "disk-0",
            compression,
            new NamingWorth(Dedup.ON, Optional::empty, System::nanoTime),
            (bytes, offset, length) -> {
              crossed.addAndGet(length);
              toTarget.write(bytes, offset, length);
            },
            (bytes, offset, length) -> session.answered(ByteBuffer.wrap(bytes, offset, length)));
    toTarget.drainTo(receiver[0]::fromPeer);
    toSource.drainTo(changes::received);
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                session.send(changes);
              } catch (IOException | InterruptedException e) {
                // It is over.
              }
            });
    return changes;
  }

  @AfterEach
  void end() {
    session.end();
  }

  @ParameterizedTest
  @EnumSource(Compression.class)
  void theDiskArrivesByteForByteAndOnlyWhatIsNotHeldCrosses(Compression compression)
      throws IOException {
    byte[] here = new byte[DISK_BYTES];
    Random random = new Random(2);
    random.nextBytes(here);
    int lacked = 0;
    for (int at = 0; at < here.length; at += BLOCK) {
      if (random.nextInt(8) == 0) {
        lacked++;
      } else {
        held.put(namer.name(here, at), Arrays.copyOfRange(here, at, at + BLOCK));
      }
    }
    NamedChanges changes = connect(compression);
    for (int at = 0; at < here.length; at += 1 << 20) {
      disk.write(at, ByteBuffer.wrap(here, at, 1 << 20), RequestFlags.NONE);
    }
    assertThat(there).isEqualTo(here);
    assertThat(changes.saving().chunks()).isEqualTo(DISK_BYTES / BLOCK);
    assertThat(changes.saving().wanted()).isEqualTo(lacked);
    assertThat(crossed.get()).isLessThan((long) (1.1 * lacked * BLOCK));
  }

  @Test
  void writesOfAnyLengthAndPlaceArrive() throws IOException {
    byte[] here = new byte[DISK_BYTES];
    Random random = new Random(3);
    NamedChanges changes = connect(Compression.ofMachine());
    for (int i = 0; i < 300; i++) {
      int length = 1 + random.nextInt(i % 3 == 0 ? 300_000 : 20_000);
      int at = random.nextInt(DISK_BYTES - length);
      byte[] content = new byte[length];
      random.nextBytes(content);
      System.arraycopy(content, 0, here, at, length);
      disk.write(at, ByteBuffer.wrap(content), RequestFlags.NONE);
    }
    assertThat(there).isEqualTo(here);
    assertThat(changes.saving().chunks()).isPositive();
  }

  @Test
  void aShortWriteIsNotAskedAbout() throws IOException {
    NamedChanges changes = connect(Compression.ofMachine());
    byte[] content = new byte[NamedChanges.NAMED_FROM_BYTES - 512];
    new Random(4).nextBytes(content);
    disk.write(BLOCK, ByteBuffer.wrap(content), RequestFlags.NONE);
    assertThat(Arrays.copyOfRange(there, BLOCK, BLOCK + content.length)).isEqualTo(content);
    assertThat(changes.saving().chunks()).isZero();
  }
}
