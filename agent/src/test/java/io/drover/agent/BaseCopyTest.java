package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.qemu.ReadableImage;
import io.drover.qemu.nbd.BlockDevice;
import io.drover.qemu.nbd.RequestFlags;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class BaseCopyTest {
  private static final int SIZE = 8 << 20;

  private final BlockingQueue<String> failures = new ArrayBlockingQueue<>(10);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final SparseDevice base = new SparseDevice(SIZE);

  BaseCopyTest() {
    byte[] some = new byte[2_500_000];
    new Random(1).nextBytes(some);
    SparseDevice _ = base.with(512, some).with(7 << 20, Arrays.copyOf(some, 100_000));
  }

  private BaseCopy start(BlockDevice target) {
    BaseCopy copy =
        new BaseCopy(
            () ->
                new ReadableImage() {
                  @Override
                  public BlockDevice device() {
                    return base;
                  }

                  @Override
                  public void close() {
                    closed.countDown();
                  }
                },
            target,
            1000,
            failures::add);
    copy.start("copy");
    return copy;
  }

  @Test
  void allThatIsNotZeroIsCopiedAndFlushed() throws InterruptedException {
    SparseDevice target = new SparseDevice(SIZE);
    BaseCopy copy = start(target);
    closed.await();
    assertThat(copy.progress().remainingBytes()).isZero();
    assertThat(copy.progress().totalBytes()).isBetween(2_600_000L, 2_700_000L);
    assertThat(target.bytes).isEqualTo(base.bytes);
    assertThat(target.written).isEqualTo(base.written);
    assertThat(target.requests.getLast()).isEqualTo("flush");
    assertThat(failures).isEmpty();
  }

  @Test
  void aWriteThatFailsIsToldAndSomethingRemains() throws InterruptedException {
    SparseDevice target =
        new SparseDevice(SIZE) {
          @Override
          public synchronized void write(long offset, ByteBuffer data, RequestFlags flags)
              throws IOException {
            if (offset >= 7 << 20) {
              throw new IOException("full");
            }
            super.write(offset, data, flags);
          }
        };
    BaseCopy copy = start(target);
    assertThat(failures.poll(20, TimeUnit.SECONDS)).isEqualTo("full");
    assertThat(copy.progress().remainingBytes()).isPositive();
    assertThat(target.requests).doesNotContain("flush");
  }

  @Test
  void aBaseOfAnotherSizeIsNotCopied() throws InterruptedException {
    SparseDevice target = new SparseDevice(SIZE - 512);
    BaseCopy copy = start(target);
    assertThat(failures.poll(20, TimeUnit.SECONDS)).contains("was to have");
    assertThat(copy.progress().remainingBytes()).isPositive();
    assertThat(target.requests).isEmpty();
  }

  @Test
  void whatArrivesIsARawImage(@TempDir Path folder) throws IOException, InterruptedException {
    Path image = Files.write(folder.resolve("base.raw"), new byte[SIZE]);
    try (BaseFileDevice target = new BaseFileDevice(image)) {
      BaseCopy _ = start(target);
      closed.await();
    }
    assertThat(failures).isEmpty();
    assertThat(Files.readAllBytes(image)).isEqualTo(base.bytes);
  }
}
