package io.drover.microbench;

import io.drover.chunk.ChunkIndex;
import io.drover.chunk.ChunkName;
import io.drover.chunk.ChunkNamer;
import io.drover.chunk.Domain;
import io.drover.chunk.Grain;
import io.drover.model.ByteSize;
import java.util.SplittableRandom;
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

/**
 * Pages of a guest's memory named and looked up, on one core: 64 MiB in turn, so that neither they
 * nor their slots stay in the processor's caches, in an index over 16 GiB of content.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ChunkBenchmark {
  private static final int PAGE = Grain.PAGE.bytes();
  private static final int PAGES = 1 << 14;
  private static final int NAMES = 1 << 22;

  private final byte[] memory = new byte[PAGES * PAGE];
  private final ChunkName[] names = new ChunkName[PAGES];
  private final ChunkNamer namer = new ChunkNamer(Grain.PAGE);
  private final ChunkIndex index = new ChunkIndex(ByteSize.ofMebibytes(160));
  private int next;

  @Setup
  public void fill() {
    SplittableRandom random = new SplittableRandom(1);
    random.nextBytes(memory);
    for (int i = 0; i < PAGES; i++) {
      names[i] = namer.name(memory, i * PAGE);
      offer(names[i], i);
    }
    for (int i = PAGES; i < NAMES; i++) {
      offer(new ChunkName(random.nextLong(), random.nextLong(), random.nextInt()), i);
    }
  }

  private void offer(ChunkName name, int i) {
    if (index.offer(name, Domain.PUBLIC, i + 1L) != ChunkIndex.Offer.ADDED) {
      throw new IllegalStateException("no room for name %d".formatted(i));
    }
  }

  private int next() {
    next = (next + 1) % PAGES;
    return next;
  }

  /** Microseconds for a page; 4096 over it is MB/s. */
  @Benchmark
  public ChunkName name() {
    return namer.name(memory, next() * PAGE);
  }

  @Benchmark
  public long find() {
    return index.find(names[next()], Domain.PUBLIC);
  }

  @Benchmark
  public long nameAndFind() {
    return index.find(namer.name(memory, next() * PAGE), Domain.PUBLIC);
  }
}
