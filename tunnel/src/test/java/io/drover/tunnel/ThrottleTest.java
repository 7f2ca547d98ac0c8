package io.drover.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.ByteRate;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ThrottleTest {
  private static final Optional<ByteRate> NONE = Optional.empty();

  @Test
  void withoutARateNothingWaits() throws InterruptedException {
    Throttle throttle = new Throttle(NONE);
    for (int i = 0; i < 1000; i++) {
      throttle.await(1 << 30);
    }
    assertThat(throttle.slice(12345)).isEqualTo(12345);
  }

  @Test
  void bulkNeverGetsAheadOfItsRateByMoreThanASlice() throws InterruptedException {
    Throttle throttle = new Throttle(Optional.of(new ByteRate(1_000_000)));
    int slice = throttle.slice(128 << 10);
    assertThat(slice).isEqualTo(5000);
    long start = System.nanoTime();
    for (int sent = 0; sent < 60; sent++) {
      throttle.await(slice);
    }
    // 300 kB at 1 MB/s, less the slices that may be under way; only too early would be wrong.
    assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(280));
  }

  @Test
  void theSliceOfASlowRateStaysUsable() {
    assertThat(new Throttle(Optional.of(new ByteRate(10_000))).slice(128 << 10)).isEqualTo(1024);
  }

  @Test
  void whoWaitsNoticesAnotherRate() throws InterruptedException {
    Throttle throttle = new Throttle(Optional.of(new ByteRate(1)));
    throttle.await(1_000_000); // eleven days
    CountDownLatch done = new CountDownLatch(1);
    Thread waiting =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    throttle.await(1);
                    done.countDown();
                  } catch (InterruptedException e) {
                    // the test has failed already
                  }
                });
    assertThat(done.await(50, TimeUnit.MILLISECONDS)).isFalse();
    throttle.change(NONE);
    assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
    waiting.join();
    throttle.change(Optional.of(new ByteRate(1_000_000)));
    throttle.await(1); // the old debt is forgotten
  }

  @Test
  void urgentBytesNeverWaitAndBulkPaysForThem() throws InterruptedException {
    Throttle throttle = new Throttle(Optional.of(new ByteRate(1_000_000)));
    for (int i = 0; i < 10; i++) {
      throttle.spendUrgently(20_000);
    }
    long start = System.nanoTime();
    throttle.await(1);
    assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(150));
  }
}
