package io.drover.qemu.nbd;

import static io.drover.qemu.nbd.RawClient.contexts;
import static io.drover.qemu.nbd.RawClient.exportChoice;
import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.ByteSize;
import io.drover.model.MemoryBudget;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NbdServerTest {
  private static final int SIZE = 1 << 20;
  private static final int EINVAL = 22;

  private final MemoryDevice device = new MemoryDevice(SIZE);
  private final List<UnixPair> pairs = new ArrayList<>();

  @AfterEach
  void close() throws IOException {
    for (UnixPair pair : pairs) {
      pair.close();
    }
  }

  private record Served(RawClient client, CompletableFuture<NbdEnd> end) {
    NbdEnd awaitEnd() throws Exception {
      return end.get(30, TimeUnit.SECONDS);
    }
  }

  private Served serve() throws IOException {
    return serve(device, NbdLimits.DEFAULT);
  }

  private Served serve(BlockDevice what, NbdLimits limits) throws IOException {
    return serve(what, limits, MemoryBudget.boundless());
  }

  private Served serve(BlockDevice what, NbdLimits limits, MemoryBudget.Share memory)
      throws IOException {
    UnixPair pair = UnixPair.open();
    pairs.add(pair);
    SocketChannel side = pair.other();
    return new Served(
        new RawClient(pair.one()),
        CompletableFuture.supplyAsync(
            () -> new NbdServer("disk0", what, limits, memory).serve(side),
            task -> Thread.ofPlatform().daemon().start(task)));
  }

  @Test
  void answersEveryOptionAndGoesOn() throws Exception {
    Served served = serve();
    RawClient client = served.client().greet();
    client.option(3);
    RawClient.OptionReply export = client.optionReply();
    assertThat(export.type()).isEqualTo(2);
    assertThat(export.text()).endsWith("disk0");
    assertThat(client.optionReply().type()).isEqualTo(1);
    assertThat(client.option(3, (byte) 1).optionReply().type()).isEqualTo(Nbd.ERROR_INVALID);
    for (int unknown : new int[] {0, 4, 5, 11, 12, 0x7fffffff, -1}) {
      RawClient.OptionReply reply = client.option(unknown, new byte[7]).optionReply();
      assertThat(reply.option()).isEqualTo(unknown);
      assertThat(reply.type()).isEqualTo(Nbd.ERROR_UNSUPPORTED);
    }
    assertThat(client.option(6, new byte[100_000]).optionReply().type())
        .isEqualTo(Nbd.ERROR_TOO_BIG);
    assertThat(client.option(6, exportChoice("other")).optionReply().type())
        .isEqualTo(Nbd.ERROR_UNKNOWN_EXPORT);
    assertThat(client.option(7, exportChoice("x".repeat(5000))).optionReply().type())
        .isEqualTo(Nbd.ERROR_INVALID);
    assertThat(client.option(7, new byte[3]).optionReply().type()).isEqualTo(Nbd.ERROR_INVALID);
    assertThat(client.option(10, contexts("disk0", "base:allocation")).optionReply().text())
        .contains("structured replies come first");
    assertThat(client.option(8, (byte) 0).optionReply().type()).isEqualTo(Nbd.ERROR_INVALID);
    assertThat(client.option(2).optionReply().type()).isEqualTo(1);
    client.expectEnd();
    assertThat(served.awaitEnd()).isEqualTo(new NbdEnd.Looked());
  }

  @Test
  void tellsOfItsSizesAndContexts() throws Exception {
    RawClient client = serve().client().greet();
    client.option(6, exportChoice("", 1, 3, 77));
    ByteBuffer export = client.optionReply().data();
    assertThat(export.getShort()).isZero();
    assertThat(export.getLong()).isEqualTo(SIZE);
    assertThat(export.getShort()).as("flags").isEqualTo((short) 0b1000_0110_1101);
    ByteBuffer sizes = client.optionReply().data();
    assertThat(sizes.getShort()).isEqualTo((short) 3);
    assertThat(sizes.getInt()).isEqualTo(1);
    assertThat(sizes.getInt()).isEqualTo(4096);
    assertThat(sizes.getInt()).isEqualTo(32 << 20);
    assertThat(client.optionReply().text()).endsWith("disk0");
    assertThat(client.optionReply().type()).isEqualTo(1);

    client.option(9, contexts(""));
    assertThat(client.optionReply().text()).endsWith("base:allocation");
    assertThat(client.optionReply().type()).isEqualTo(1);
    assertThat(client.option(9, contexts("", "qemu:")).optionReply().type()).isEqualTo(1);
    assertThat(client.option(9, contexts("other")).optionReply().type())
        .isEqualTo(Nbd.ERROR_UNKNOWN_EXPORT);
    assertThat(client.option(8).optionReply().type()).isEqualTo(1);
    client.option(10, contexts("disk0", "x:y", "base:allocation"));
    assertThat(client.optionReply().type()).isEqualTo(4);
    assertThat(client.optionReply().type()).isEqualTo(1);
    client.go("disk0");
    device.write(4096, ByteBuffer.wrap(new byte[] {1}), RequestFlags.NONE);
    ByteBuffer all = client.ask(0, 7, 5, 0, 16384).chunk(5, 5);
    assertThat(all.remaining()).isEqualTo(4 + 3 * 8);
    assertThat(all.getInt()).isEqualTo(ServerHandshake.contextId());
    assertThat(all.getInt()).isEqualTo(4096);
    assertThat(all.getInt()).isEqualTo(3);
    assertThat(all.getInt()).isEqualTo(4096);
    assertThat(all.getInt()).isZero();
    assertThat(all.getInt()).as("two blocks, one extent").isEqualTo(8192);
    ByteBuffer one = client.ask(8, 7, 6, 4000, 200).chunk(5, 6);
    assertThat(one.remaining()).isEqualTo(4 + 8);
    assertThat(one.position(4).getInt()).isEqualTo(96);
  }

  @Test
  void servesAClientOfTheOldWay() throws Exception {
    Served served = serve();
    RawClient client = served.client().greet(1);
    client.option(1, "disk0".getBytes(StandardCharsets.UTF_8));
    ByteBuffer export = client.read(8 + 2 + 124);
    assertThat(export.getLong()).isEqualTo(SIZE);
    device.bytes[77] = 5;
    assertThat(client.ask(0, 0, 1, 77, 1).simpleReply(1)).isZero();
    assertThat(client.read(1).get()).isEqualTo((byte) 5);
    client.ask(0, 2, 0, 0, 0).expectEnd();
    assertThat(served.awaitEnd()).isEqualTo(new NbdEnd.Disconnected());
  }

  @Test
  void endsAtAnUnknownExportOfTheOldWayAndAtUnknownFlags() throws Exception {
    Served one = serve();
    one.client().greet(3).option(1, (byte) 'x').expectEnd();
    assertThat(one.awaitEnd()).isEqualTo(new NbdEnd.Broken("there is no export 'x'"));
    Served other = serve();
    other.client().greet(7).expectEnd();
    assertThat(other.awaitEnd()).isEqualTo(new NbdEnd.Broken("client flags 0x7 are not known"));
  }

  @Test
  void aDeviceOfLargerBlocksWantsItsClientsToKnow() throws Exception {
    BlockSizes sizes = new BlockSizes(512, 4096, 1 << 20);
    Served served = serve(new MemoryDevice(SIZE, sizes, MemoryDevice.all()), NbdLimits.DEFAULT);
    RawClient client = served.client().greet();
    assertThat(client.option(7, exportChoice("disk0")).optionReply().type())
        .isEqualTo(Nbd.ERROR_BLOCK_SIZE_REQUIRED);
    client.go("disk0");
    assertThat(client.ask(0, 0, 1, 512, 100).simpleReply(1)).isEqualTo(EINVAL);
    assertThat(client.ask(0, 6, 2, 100, 512).simpleReply(2)).isEqualTo(EINVAL);
  }

  @Test
  void answersWhatTheDeviceDoesNotTakeAndGoesOn() throws Exception {
    RawClient client = serve().client().greet().go("");
    long cookie = 0;
    long end = SIZE;
    Object[][] refused = {
      {0, 0, end, 1, EINVAL},
      {0, 0, -1L, 1, EINVAL},
      {0, 0, Long.MAX_VALUE, 2, EINVAL},
      {0, 0, 0L, -1, EINVAL},
      {4, 0, 0L, 1, EINVAL}, // without structured replies there are no fragments
      {0, 3, 1L, 0, EINVAL},
      {0, 4, 1L, SIZE, EINVAL},
      {2, 4, 0L, 1, EINVAL},
      {0, 5, 0L, 1, EINVAL},
      {0, 6, 1L, SIZE, 28},
      {8, 6, 0L, 1, EINVAL},
      {0, 7, 0L, 1, EINVAL},
      {0, 8, 0L, 1, EINVAL},
      {0, 999, 0L, 1, EINVAL},
    };
    for (Object[] each : refused) {
      client.ask((int) each[0], (int) each[1], ++cookie, (long) each[2], (int) each[3]);
      assertThat(client.simpleReply(cookie)).as("%s", List.of(each)).isEqualTo(each[4]);
    }
    client.ask(0, 1, 90, end - 1, 2).send(ByteBuffer.allocate(2).position(2));
    assertThat(client.simpleReply(90)).isEqualTo(28);
    client.ask(16, 1, 91, 0, 3).send(ByteBuffer.allocate(3).position(3));
    assertThat(client.simpleReply(91)).isEqualTo(EINVAL);
    for (int empty : new int[] {0, 1, 4, 6}) {
      assertThat(client.ask(0, empty, 92, end, 0).simpleReply(92)).isZero();
    }
    client.ask(1, 1, 93, end - 1, 1).send(ByteBuffer.allocate(1).put((byte) 9));
    assertThat(client.simpleReply(93)).isZero();
    assertThat(device.bytes[SIZE - 1]).isEqualTo((byte) 9);
    assertThat(device.durable.get()).isEqualTo(1);
    assertThat(client.ask(1, 3, 94, 0, 0).simpleReply(94)).isZero();
    assertThat(device.flushes.get()).isEqualTo(1);
  }

  @Test
  void offersNoMoreThanTheDeviceCan() throws Exception {
    MemoryDevice plain =
        new MemoryDevice(SIZE, BlockSizes.BYTES, EnumSet.of(DeviceFeature.READ_ONLY));
    RawClient client = serve(plain, NbdLimits.DEFAULT).client().greet();
    client.option(6, exportChoice(""));
    assertThat(client.optionReply().data().getShort(10)).isEqualTo((short) 3);
    assertThat(client.optionReply().type()).isEqualTo(1);
    assertThat(client.option(8).optionReply().type()).isEqualTo(1);
    assertThat(client.option(9, contexts("")).optionReply().type()).isEqualTo(1);
    assertThat(client.option(10, contexts("", "base:allocation")).optionReply().type())
        .isEqualTo(1);
    client.go("");
    assertThat(client.ask(4, 0, 1, 0, 4).chunk(1, 1).remaining()).isEqualTo(8 + 4);
    client.ask(0, 1, 2, 0, 1).send(ByteBuffer.allocate(1).position(1));
    assertThat(client.chunk(0x8001, 2).getInt()).isEqualTo(1);
    assertThat(client.ask(0, 6, 3, 0, 1).chunk(0x8001, 3).getInt()).isEqualTo(1);
    for (int command : new int[] {3, 7}) {
      assertThat(client.ask(0, command, 4, 0, 0).chunk(0x8001, 4).getInt()).isEqualTo(EINVAL);
    }
    assertThat(client.ask(1, 0, 5, 0, 1).chunk(0x8001, 5).getInt()).isEqualTo(EINVAL);
  }

  @Test
  void endsAtAMalformedRequestAndSaysWhy() throws Exception {
    Served magic = serve();
    magic.client().greet().go("").send(ByteBuffer.allocate(28).putInt(0x12345678).position(28));
    magic.client().expectEnd();
    assertThat(magic.awaitEnd())
        .isEqualTo(new NbdEnd.Broken("a request begins with 0x12345678 instead of 0x25609513"));
    Served large = serve();
    large.client().greet().go("").ask(0, 1, 1, 0, (32 << 20) + 1).expectEnd();
    assertThat(large.awaitEnd())
        .isEqualTo(new NbdEnd.Broken("a write of 33554433 bytes, at most 33554432 are allowed"));
    Served option = serve();
    option.client().greet().send(ByteBuffer.allocate(16).position(16)).expectEnd();
    assertThat(option.awaitEnd())
        .isEqualTo(new NbdEnd.Broken("an option begins with 0x0000000000000000"));
  }

  @Test
  void answersAFailureOfTheDeviceWithItsError() throws Exception {
    RawClient client = serve().client().greet();
    assertThat(client.option(8).optionReply().type()).isEqualTo(1);
    client.go("");
    device.before =
        (command, offset) -> {
          if (offset == 1) {
            throw new NbdErrorException(NbdError.NO_SPACE, "the far side is full");
          }
          if (offset == 2) {
            throw new IOException("broken");
          }
          throw new IllegalStateException("a bug");
        };
    ByteBuffer full = client.ask(0, 6, 1, 1, 1).chunk(0x8001, 1);
    assertThat(full.getInt()).isEqualTo(28);
    assertThat(full.getShort()).isEqualTo((short) "the far side is full".length());
    assertThat(client.ask(0, 0, 2, 2, 1).chunk(0x8001, 2).getInt()).isEqualTo(5);
    assertThat(client.ask(0, 0, 3, 3, 1).chunk(0x8001, 3).getInt()).isEqualTo(5);
  }

  @Test
  void endsAHandshakeThatIsNotDoneInTimeHoweverItTrickles() throws Exception {
    NbdLimits limits = new NbdLimits(4, Duration.ofMillis(300));
    Served silent = serve(device, limits);
    assertThat(silent.awaitEnd())
        .isEqualTo(new NbdEnd.Broken("the client did not end its handshake within 300 ms"));
    Served slow = serve(device, limits);
    slow.client().greet();
    try {
      while (!slow.end().isDone()) {
        ByteBuffer next = ByteBuffer.allocate(16).putLong(Nbd.OPTION_MAGIC).putLong(100L << 32);
        for (int at = 0; at < 16; at++) {
          slow.client().send(ByteBuffer.allocate(1).put(next.get(at)));
          Thread.sleep(5);
        }
      }
    } catch (IOException closed) {
      // As wanted.
    }
    assertThat(slow.awaitEnd())
        .isEqualTo(new NbdEnd.Broken("the client did not end its handshake within 300 ms"));
  }

  @Test
  void answersInTheOrderInWhichTheDeviceEnds() throws Exception {
    RawClient client = serve().client().greet().go("");
    CountDownLatch second = new CountDownLatch(1);
    device.before =
        (command, offset) -> {
          if (offset == 0) {
            await(second);
          }
        };
    client.ask(0, 6, 1, 0, 1).ask(0, 6, 2, 1, 1);
    assertThat(client.simpleReply(2)).isZero();
    second.countDown();
    assertThat(client.simpleReply(1)).isZero();
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  @Test
  void leavesNothingOfAClientThatVanishes() throws Exception {
    Served served = serve();
    RawClient client = served.client().greet().go("");
    CountDownLatch working = new CountDownLatch(8);
    CountDownLatch never = new CountDownLatch(1);
    AtomicInteger interrupted = new AtomicInteger();
    device.before =
        (command, offset) -> {
          working.countDown();
          try {
            await(never);
          } catch (InterruptedIOException e) {
            interrupted.incrementAndGet();
            throw e;
          }
        };
    for (int i = 0; i < 8; i++) {
      client.ask(0, i % 2, i, i * 1000L, 1000);
      if (i % 2 == 1) {
        client.send(ByteBuffer.allocate(1000).position(1000));
      }
    }
    assertThat(working.await(30, TimeUnit.SECONDS)).isTrue();
    client.channel.close();
    assertThat(served.awaitEnd())
        .isEqualTo(new NbdEnd.Broken("the client closed the connection without a word"));
    assertThat(interrupted.get()).isEqualTo(8);
  }

  @Test
  void endsWhatItWasAskedForBeforeAFarewell() throws Exception {
    Served served = serve();
    RawClient client = served.client().greet().go("");
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    device.before =
        (command, offset) -> {
          asked.countDown();
          await(go);
        };
    client.ask(0, 1, 1, 0, 1).send(ByteBuffer.allocate(1).put((byte) 7)).ask(0, 2, 0, 0, 0);
    assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(served.end().isDone()).isFalse();
    go.countDown();
    assertThat(client.simpleReply(1)).isZero();
    assertThat(served.awaitEnd()).isEqualTo(new NbdEnd.Disconnected());
    assertThat(device.bytes[0]).isEqualTo((byte) 7);
  }

  @Test
  void neverHasMoreInFlightThanItsLimit() throws Exception {
    Served served = serve(device, new NbdLimits(4, Duration.ofSeconds(10)));
    RawClient client = served.client().greet().go("");
    Semaphore steps = new Semaphore(0);
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    device.before =
        (command, offset) -> {
          most.accumulateAndGet(now.incrementAndGet(), Math::max);
          steps.acquireUninterruptibly();
          now.decrementAndGet();
        };
    for (int i = 0; i < 40; i++) {
      client.ask(0, 6, i, i, 1);
    }
    steps.release(40);
    Set<Long> answered = new TreeSet<>();
    for (int i = 0; i < 40; i++) {
      ByteBuffer reply = client.read(16);
      answered.add(reply.getLong(8));
    }
    assertThat(answered).hasSize(40);
    assertThat(most.get()).isLessThanOrEqualTo(4);
  }

  private static byte[] noise(int bytes) {
    byte[] noise = new byte[bytes];
    new Random(bytes).nextBytes(noise);
    return noise;
  }

  @Test
  void aLongWriteIsDoneInPiecesAndAnsweredOnce() throws Exception {
    int bytes = 3 * NbdServer.PIECE_BYTES + 4096;
    MemoryDevice large = new MemoryDevice(bytes + 4096);
    List<Long> offsets = new CopyOnWriteArrayList<>();
    large.before = (command, offset) -> offsets.add(offset);
    // There is memory for one piece, and no more.
    MemoryBudget.Share memory = oneFor(NbdServer.PIECE_BYTES);
    Served served = serve(large, NbdLimits.DEFAULT, memory);
    RawClient client = served.client().greet().go("");
    byte[] noise = noise(bytes);
    client.ask(1, 1, 7, 4096, bytes).send(ByteBuffer.allocate(bytes).put(noise));
    assertThat(client.simpleReply(7)).isZero();
    assertThat(Arrays.copyOfRange(large.bytes, 4096, 4096 + bytes)).isEqualTo(noise);
    assertThat(large.durable).hasValue(4);
    assertThat(offsets)
        .containsExactly(4096L, 4096L + (1 << 20), 4096L + (2 << 20), 4096L + (3 << 20));
    client.ask(0, 2, 0, 0, 0).expectEnd();
    assertThat(served.awaitEnd()).isEqualTo(new NbdEnd.Disconnected());
    assertThat(memory.tryTake(NbdServer.PIECE_BYTES)).isTrue();
  }

  private static MemoryBudget.Share oneFor(long bytes) {
    return new MemoryBudget(new ByteSize(bytes)).admit(bytes, Duration.ZERO).orElseThrow();
  }

  @Test
  void aPieceThatFailsFailsTheWholeWrite() throws Exception {
    MemoryDevice large = new MemoryDevice(4 << 20);
    large.before =
        (command, offset) -> {
          if (offset == 1 << 20) {
            throw new NbdErrorException(NbdError.NO_SPACE, "full");
          }
        };
    RawClient client = serve(large, NbdLimits.DEFAULT).client().greet().go("");
    client.ask(0, 1, 7, 0, 4 << 20).send(ByteBuffer.allocate(4 << 20).position(4 << 20));
    assertThat(client.simpleReply(7)).isEqualTo(28);
    large.before = (command, offset) -> {};
    client.ask(0, 1, 8, 0, 4 << 20).send(ByteBuffer.allocate(4 << 20).position(4 << 20));
    assertThat(client.simpleReply(8)).isZero();
  }

  @Test
  void requestsWaitForMemoryAndGiveItBackWhateverHappensToTheClient() throws Exception {
    MemoryBudget.Share memory = oneFor(10_000);
    Served served = serve(device, NbdLimits.DEFAULT, memory);
    RawClient client = served.client().greet().go("");
    CountDownLatch working = new CountDownLatch(2);
    CountDownLatch never = new CountDownLatch(1);
    device.before =
        (command, offset) -> {
          working.countDown();
          await(never);
        };
    for (int i = 0; i < 5; i++) {
      client.ask(0, 1, i, i * 5000L, 5000).send(ByteBuffer.allocate(5000).position(5000));
    }
    assertThat(working.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(memory.tryTake(1)).isFalse();
    client.channel.close();
    // Of a client that vanishes it is noticed when a request ends.
    never.countDown();
    assertThat(served.awaitEnd()).isInstanceOf(NbdEnd.Broken.class);
    assertThat(memory.tryTake(10_000)).isTrue();
  }

  @Test
  void aDeviceThatCannotBeReadIsNotReadAndTakesNoMemoryForIt() throws Exception {
    MemoryDevice device =
        new MemoryDevice(SIZE, BlockSizes.BYTES, EnumSet.of(DeviceFeature.WRITE_ONLY));
    Served served = serve(device, NbdLimits.DEFAULT, oneFor(4096));
    RawClient client = served.client().greet().go("");
    assertThat(client.ask(0, 0, 1, 0, SIZE).simpleReply(1)).isEqualTo(95);
    client.ask(0, 1, 2, 0, 4096).send(ByteBuffer.allocate(4096).position(4096));
    assertThat(client.simpleReply(2)).isZero();
  }
}
