package io.drover.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MemoryBudgetTest {
  private static final Duration NO_TIME = Duration.ZERO;
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final long SEED = 20_260_731;

  private static MemoryBudget budget(long bytes) {
    return new MemoryBudget(new ByteSize(bytes));
  }

  private static long takeAll(MemoryBudget.Share share, long step) {
    long taken = 0;
    while (share.tryTake(step)) {
      taken += step;
    }
    return taken;
  }

  @Test
  void whatIsAShareOwnIsItsOwnWhateverTheOthersTake() {
    MemoryBudget budget = budget(1000);
    MemoryBudget.Share modest = budget.admit(100, NO_TIME).orElseThrow();
    MemoryBudget.Share greedy = budget.admit(100, NO_TIME).orElseThrow();
    assertThat(takeAll(greedy, 1)).isGreaterThan(100);
    assertThat(takeAll(modest, 10)).isGreaterThanOrEqualTo(100);
    assertThat(budget.inUse().bytes()).isLessThanOrEqualTo(1000);
  }

  @Test
  void oneAloneLeavesHalfToWhoComesAndManyGetEqualParts() {
    MemoryBudget budget = budget(10_000);
    assertThat(takeAll(budget.carryOn(0), 1)).isEqualTo(5000);
    for (int count : new int[] {2, 5, 20}) {
      MemoryBudget fresh = budget(10_000);
      List<MemoryBudget.Share> shares = new ArrayList<>();
      List<AtomicLong> had = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        shares.add(fresh.carryOn(0));
        had.add(new AtomicLong());
      }
      // All want ever more, in turns and out of turn, and give back now and then as work ends.
      Random random = new Random(SEED);
      for (int step = 0; step < 400_000; step++) {
        int i = random.nextInt(count);
        if (random.nextInt(3) > 0 && shares.get(i).tryTake(1)) {
          long _ = had.get(i).incrementAndGet();
        } else if (had.get(i).get() > 0) {
          shares.get(i).give(1);
          long _ = had.get(i).decrementAndGet();
        }
      }
      long equal = 10_000 / (count + 1);
      assertThat(had)
          .allSatisfy(own -> assertThat(own.get()).isBetween(equal * 6 / 10, equal * 14 / 10));
    }
  }

  @Test
  void whoHasMoreThanItWouldGetNowIsToldSo() {
    MemoryBudget budget = budget(1000);
    MemoryBudget.Share first = budget.carryOn(0);
    assertThat(takeAll(first, 1)).isEqualTo(500);
    assertThat(first.isTooLarge()).isFalse();
    MemoryBudget.Share second = budget.carryOn(100);
    assertThat(first.isTooLarge()).isTrue();
    while (first.isTooLarge()) {
      first.give(1);
    }
    assertThat(second.isAboveLeast()).isFalse();
    assertThat(takeAll(second, 1)).isGreaterThan(100);
    assertThat(second.isAboveLeast()).isTrue();
  }

  @Test
  void aNewcomerForWhomTooLittleIsLeftIsRefusedAtOnce() {
    MemoryBudget budget = budget(1000);
    MemoryBudget.Share first = budget.admit(600, NO_TIME).orElseThrow();
    assertThat(budget.hasRoomFor(401)).isFalse();
    assertThat(budget.admit(401, LONG)).isEmpty();
    assertThat(budget.admit(400, LONG)).isPresent();
    first.close();
    assertThat(budget.admit(600, NO_TIME)).isPresent();
  }

  @Test
  void aNewcomerWaitsForWhatOthersHaveAboveTheirOwnAndTheyGetNoMoreMeanwhile() throws Exception {
    MemoryBudget budget = budget(1000);
    MemoryBudget.Share first = budget.carryOn(0);
    assertThat(takeAll(first, 1)).isEqualTo(500);
    assertThat(budget.admit(600, Duration.ofMillis(50))).isEmpty();
    assertThat(budget.inUse().bytes()).isEqualTo(500);
    CompletableFuture<Optional<MemoryBudget.Share>> second =
        CompletableFuture.supplyAsync(() -> budget.admit(600, LONG));
    while (budget.inUse().bytes() < 1100) {
      Thread.sleep(1);
    }
    first.give(90);
    assertThat(first.tryTake(1)).isFalse();
    assertThat(second.isDone()).isFalse();
    first.give(10);
    assertThat(second.get(30, TimeUnit.SECONDS)).isPresent();
  }

  @Test
  void whoIsInterruptedWhileItWaitsIsRefusedAndLeavesNothing() throws Exception {
    MemoryBudget budget = budget(1000);
    assertThat(takeAll(budget.carryOn(0), 1)).isEqualTo(500);
    CompletableFuture<Boolean> refused = new CompletableFuture<>();
    Thread newcomer =
        Thread.ofPlatform()
            .start(
                () ->
                    refused.complete(
                        budget.admit(600, LONG).isEmpty()
                            && Thread.currentThread().isInterrupted()));
    while (budget.inUse().bytes() < 1100) {
      Thread.sleep(1);
    }
    newcomer.interrupt();
    assertThat(refused.get(30, TimeUnit.SECONDS)).isTrue();
    assertThat(budget.inUse().bytes()).isEqualTo(500);
  }

  @Test
  void whatBeganBeforeIsCarriedOnEvenIfItIsTooMuch() {
    MemoryBudget budget = budget(100);
    try (MemoryBudget.Share large = budget.carryOn(300)) {
      assertThat(takeAll(large, 1)).isEqualTo(300);
      assertThat(budget.admit(1, NO_TIME)).isEmpty();
    }
    assertThat(budget.admit(100, NO_TIME)).isPresent();
  }

  @Test
  void partsAreClosedOneByOneAndGiveBackWhatWasStillInUse() {
    MemoryBudget budget = budget(1000);
    MemoryBudget.Share whole = budget.admit(500, NO_TIME).orElseThrow();
    MemoryBudget.Share part = whole.part(200);
    assertThatThrownBy(() -> whole.part(301)).isInstanceOf(IllegalStateException.class);
    assertThat(part.tryTake(300)).isTrue();
    assertThatThrownBy(() -> part.give(301)).isInstanceOf(IllegalStateException.class);
    assertThat(budget.inUse().bytes()).isEqualTo(600);
    whole.close();
    assertThat(budget.inUse().bytes()).isEqualTo(300);
    part.close();
    part.close();
    assertThat(budget.inUse().bytes()).isZero();
    // A thread that notices late.
    assertThat(part.tryTake(1)).isFalse();
    part.give(300);
    assertThat(budget.inUse().bytes()).isZero();
  }

  @Test
  void isNeverExceededWhateverManyThreadsDo() throws Exception {
    long bytes = 100_000;
    MemoryBudget budget = budget(bytes);
    AtomicLong inUse = new AtomicLong();
    AtomicLong most = new AtomicLong();
    List<CompletableFuture<Integer>> threads = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      Random random = new Random(SEED + i);
      CompletableFuture<Integer> done = new CompletableFuture<>();
      threads.add(done);
      Thread.ofPlatform()
          .start(
              () -> {
                try {
                  int admitted = 0;
                  for (int round = 0; round < 200; round++) {
                    admitted += useOnce(budget, random, inUse, most);
                  }
                  done.complete(admitted);
                } catch (RuntimeException | AssertionError e) {
                  done.completeExceptionally(e);
                }
              });
    }
    int admitted = 0;
    for (CompletableFuture<Integer> thread : threads) {
      admitted += thread.get(50, TimeUnit.SECONDS);
    }
    assertThat(most.get()).as("seed %d", SEED).isLessThanOrEqualTo(bytes);
    assertThat(most.get()).isGreaterThan(bytes / 2);
    assertThat(admitted).isGreaterThan(1000);
    assertThat(budget.inUse().bytes()).isZero();
  }

  /** What it counts as in use is never more than what really is: counted late, discounted early. */
  private static int useOnce(
      MemoryBudget budget, Random random, AtomicLong inUse, AtomicLong most) {
    Optional<MemoryBudget.Share> share =
        budget.admit(1 + random.nextInt(15_000), Duration.ofMillis(20));
    if (share.isEmpty()) {
      return 0;
    }
    try (MemoryBudget.Share own = share.get()) {
      long taken = 0;
      for (int step = 0; step < 100; step++) {
        int some = random.nextInt(3000);
        if (random.nextInt(3) > 0 && own.tryTake(some)) {
          taken += some;
          most.accumulateAndGet(inUse.addAndGet(some), Math::max);
        } else if (taken > 0) {
          long back = Math.min(taken, some);
          inUse.addAndGet(-back);
          own.give(back);
          taken -= back;
        }
      }
      // Half of the time all is given back by closing.
      inUse.addAndGet(-taken);
      if (random.nextBoolean()) {
        own.give(taken);
      }
    }
    return 1;
  }
}
