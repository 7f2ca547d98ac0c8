package io.drover.microbench;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Pages of a guest's memory named by their content: 160 bits of the JDK's SHA-256, on one core. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class HashingBenchmark {
  private static final int PAGE = 4096;
  private static final int PAGES = 1024;
  private static final int NAME_BYTES = 20;

  private final byte[] memory = new byte[PAGES * PAGE];
  private final MessageDigest digest = sha256();
  private int next;

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("every JDK has SHA-256", missing);
    }
  }

  @Setup
  public void fill() {
    new Random(1).nextBytes(memory);
  }

  /** Microseconds for a page; 4096 over it is MB/s. */
  @Benchmark
  public byte[] nameOfPage() {
    digest.update(memory, next * PAGE, PAGE);
    next = (next + 1) % PAGES;
    return Arrays.copyOf(digest.digest(), NAME_BYTES);
  }
}
