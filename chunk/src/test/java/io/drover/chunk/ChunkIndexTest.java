package io.drover.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.ByteSize;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkIndexTest {
  private static final Domain ANNA = Domain.of(Fixture.ANNA);
  private static final Domain BERT = Domain.of(Fixture.BERT);
  private static final int SMALL = 10_000;

  // Not Random: the first numbers of neighbouring seeds are too much alike.
  private static ChunkName name(long number) {
    SplittableRandom random = new SplittableRandom(number);
    return new ChunkName(random.nextLong(), random.nextLong(), random.nextInt());
  }

  private record Key(ChunkName name, Domain domain) {}

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void behavesLikeAMap(long seed) {
    Random random = new Random(seed);
    ChunkIndex index = new ChunkIndex(new ByteSize(1 << (16 + random.nextInt(6))));
    Map<Key, Long> expected = new HashMap<>();
    List<Domain> domains = List.of(ANNA, BERT, Domain.PUBLIC);
    int universe = 2_000 + random.nextInt(20_000);
    for (int i = 0; i < 200_000; i++) {
      Key key = new Key(name(random.nextInt(universe)), domains.get(random.nextInt(3)));
      long place = Place.of(1 + random.nextInt(5), random.nextInt(1000));
      switch (random.nextInt(5)) {
        case 0, 1 -> {
          switch (index.offer(key.name(), key.domain(), place)) {
            case ADDED -> assertThat(expected.put(key, place)).isNull();
            case KNOWN -> assertThat(expected).containsKey(key);
            case FULL -> {
              assertThat(expected).doesNotContainKey(key);
              assertThat(index.names() * 16).isGreaterThan(index.limit().bytes() / 3);
            }
          }
        }
        case 2 -> {
          long there = expected.getOrDefault(key, place);
          index.remove(key.name(), key.domain(), there);
          expected.remove(key, there);
        }
        case 3 -> index.remove(key.name(), key.domain(), Place.of(9, 9));
        default ->
            assertThat(index.find(key.name(), key.domain()))
                .isEqualTo(expected.getOrDefault(key, ChunkIndex.NOWHERE));
      }
      if (i % 20_000 == 19_999) {
        int source = 1 + random.nextInt(5);
        int before = expected.size();
        expected.values().removeIf(each -> Place.source(each) == source);
        assertThat(index.forget(source)).isEqualTo(before - expected.size());
      }
    }
    assertThat(index.names()).isEqualTo(expected.size());
    expected.forEach(
        (key, place) -> assertThat(index.find(key.name(), key.domain())).isEqualTo(place));
    assertThat(index.memory()).isLessThanOrEqualTo(index.limit());
  }

  @Test
  void aNameTakesAtMostFortyBytes() {
    ChunkIndex index = new ChunkIndex(ByteSize.ofMebibytes(64));
    double worst = 0;
    double total = 0;
    int count = 400_000;
    for (int i = 0; i < count; i++) {
      index.offer(name(i), Domain.PUBLIC, Place.of(1 + i % 3, i));
      if (i >= SMALL && i % 500 == 0) {
        worst = Math.max(worst, bytesPerName(index));
        total += bytesPerName(index) * 500 / (count - SMALL);
      }
    }
    // Growing parts make them 21 to 32 bytes; only removing goes beyond.
    assertThat(worst).isLessThan(33);
    assertThat(total).isLessThan(28);
    index.forget(1);
    assertThat(bytesPerName(index)).isLessThan(28);
    for (int i = 0; i < count - SMALL; i++) {
      index.remove(name(i), Domain.PUBLIC, Place.of(1 + i % 3, i));
      if (i % 500 == 0) {
        worst = Math.max(worst, bytesPerName(index));
      }
    }
    assertThat(worst).isLessThanOrEqualTo(40);
  }

  private static double bytesPerName(ChunkIndex index) {
    return (double) index.memory().bytes() / index.names();
  }

  @Test
  void whenFullItKeepsItsBoundAndWhatItHas() {
    ChunkIndex index = new ChunkIndex(ByteSize.ofMebibytes(1));
    List<ChunkName> kept = new ArrayList<>();
    for (int i = 0; i < 100_000; i++) {
      switch (index.offer(name(i), ANNA, Place.of(1, i))) {
        case ADDED -> kept.add(name(i));
        case FULL -> assertThat(index.find(name(i), ANNA)).isEqualTo(ChunkIndex.NOWHERE);
        case KNOWN -> throw new AssertionError("nothing is offered twice");
      }
    }
    assertThat(index.memory()).isLessThanOrEqualTo(index.limit());
    assertThat(kept.size()).isBetween(45_000, 49_152); // three in four of 65,536 slots
    assertThat(kept).allMatch(name -> index.find(name, ANNA) != ChunkIndex.NOWHERE);
  }

  @Test
  void whatOneOwnerHoldsAnotherDoesNotFind() {
    ChunkIndex index = new ChunkIndex(ByteSize.ofMebibytes(1));
    index.offer(name(1), ANNA, Place.of(1, 1));
    assertThat(index.find(name(1), BERT)).isEqualTo(ChunkIndex.NOWHERE);
    assertThat(index.find(name(1), Domain.PUBLIC)).isEqualTo(ChunkIndex.NOWHERE);
    assertThat(index.offer(name(1), BERT, Place.of(2, 2))).isEqualTo(ChunkIndex.Offer.ADDED);
    assertThat(index.find(name(1), ANNA)).isEqualTo(Place.of(1, 1));
    assertThat(index.find(name(1), BERT)).isEqualTo(Place.of(2, 2));
  }

  @Test
  void placesKeepSourceAndBlock() {
    long place = Place.of(Place.MAX_SOURCE, Place.MAX_BLOCK);
    assertThat(Place.source(place)).isEqualTo(Place.MAX_SOURCE);
    assertThat(Place.block(place)).isEqualTo(Place.MAX_BLOCK);
    assertThat(Place.of(1, 0)).isNotEqualTo(ChunkIndex.NOWHERE);
  }

  @Test
  void readersFindWhatStaysWhileOthersWrite() throws InterruptedException, ExecutionException {
    ChunkIndex index = new ChunkIndex(ByteSize.ofMebibytes(8));
    int stay = 2_000;
    for (int i = 0; i < stay; i++) {
      index.offer(name(i), ANNA, Place.of(1, i));
    }
    AtomicBoolean done = new AtomicBoolean();
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      List<Future<Long>> readers = new ArrayList<>();
      for (int r = 0; r < 3; r++) {
        int seed = r;
        readers.add(
            threads.submit(
                () -> {
                  Random random = new Random(seed);
                  long looked = 0;
                  while (!done.get() || looked < stay) {
                    int i = random.nextInt(stay);
                    assertThat(index.find(name(i), ANNA)).isEqualTo(Place.of(1, i));
                    looked++;
                  }
                  return looked;
                }));
      }
      List<Future<Long>> writers = new ArrayList<>();
      for (int w = 2; w < 5; w++) {
        int source = w;
        writers.add(threads.submit(() -> comeAndGo(index, source)));
      }
      for (Future<Long> writer : writers) {
        assertThat(writer.get()).isPositive();
      }
      done.set(true);
      for (Future<Long> reader : readers) {
        assertThat(reader.get()).isPositive();
      }
    }
    assertThat(index.names()).isEqualTo(stay);
  }

  private static long comeAndGo(ChunkIndex index, int source) {
    long forgotten = 0;
    for (int round = 0; round < 6; round++) {
      for (int i = 0; i < 20_000; i++) {
        ChunkName name = name(1_000_000L * source + i);
        index.offer(name, ANNA, Place.of(source, i));
        if (i % 2 == 0) {
          index.remove(name, ANNA, Place.of(source, i));
        }
      }
      forgotten += index.forget(source);
    }
    return forgotten;
  }
}
