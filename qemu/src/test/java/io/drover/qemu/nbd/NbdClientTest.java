package io.drover.qemu.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.MemoryBudget;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NbdClientTest {
  private static final NbdLimits LIMITS = new NbdLimits(16, Duration.ofSeconds(5));

  private final MemoryDevice device = new MemoryDevice(1 << 20);
  private final UnixPair pair;

  NbdClientTest() throws IOException {
    pair = UnixPair.open();
  }

  @AfterEach
  void close() throws IOException {
    pair.close();
  }

  private NbdClient connect(NbdLimits limits) throws IOException {
    return connect(pair, limits);
  }

  private static NbdClient connect(UnixPair pair, NbdLimits limits) throws IOException {
    SocketChannel channel = pair.one();
    return NbdClient.over("test", new Connection(channel, channel), "disk0", limits);
  }

  private CompletableFuture<NbdEnd> serve() {
    return started(
        () -> new NbdServer("disk0", device, LIMITS, MemoryBudget.boundless()).serve(pair.other()));
  }

  private static <T> CompletableFuture<T> started(Callable<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                result.complete(work.call());
              } catch (Exception e) {
                result.completeExceptionally(e);
              }
            });
    return result;
  }

  /** A server as a script, from after its greeting. */
  private record Script(RawClient raw) {

    void greet() throws IOException {
      raw.send(
          ByteBuffer.allocate(18)
              .putLong(0x4e42444d41474943L)
              .putLong(0x49484156454f5054L)
              .putShort((short) 3));
      assertThat(raw.read(4).getInt()).isEqualTo(3);
    }

    int option() throws IOException {
      ByteBuffer head = raw.read(16);
      int option = head.getInt(8);
      raw.read(head.getInt(12));
      return option;
    }

    void reply(int option, int type, ByteBuffer data) throws IOException {
      data.flip();
      raw.send(
          ByteBuffer.allocate(20 + data.remaining())
              .putLong(0x3e889045565a9L)
              .putInt(option)
              .putInt(type)
              .putInt(data.remaining())
              .put(data));
    }

    void go(int size) throws IOException {
      assertThat(option()).isEqualTo(7);
      reply(7, 3, ByteBuffer.allocate(12).putShort((short) 0).putLong(size).putShort((short) 0x6d));
      reply(7, 1, ByteBuffer.allocate(0));
    }

    /** Without structured replies, or with them and without contexts. */
    void shakeHands(int structured) throws IOException {
      greet();
      assertThat(option()).isEqualTo(8);
      reply(8, structured, ByteBuffer.allocate(0));
      if (structured == 1) {
        assertThat(option()).isEqualTo(10);
        reply(10, 1, ByteBuffer.allocate(0));
      }
      go(1 << 20);
    }

    long request() throws IOException {
      return raw.read(28).getLong(8);
    }

    void chunk(int flags, int type, long cookie, ByteBuffer data) throws IOException {
      data.flip();
      raw.send(
          ByteBuffer.allocate(20 + data.remaining())
              .putInt(0x668e33ef)
              .putShort((short) flags)
              .putShort((short) type)
              .putLong(cookie)
              .putInt(data.remaining())
              .put(data));
    }
  }

  private interface Acts {
    void on(Script script) throws Exception;
  }

  private CompletableFuture<Boolean> script(Acts acts) {
    return script(pair, acts);
  }

  private static CompletableFuture<Boolean> script(UnixPair pair, Acts acts) {
    return started(
        () -> {
          acts.on(new Script(new RawClient(pair.other())));
          return true;
        });
  }

  @Test
  void saysWhatTheServerRefuses() throws Exception {
    var _ = serve();
    SocketChannel channel = pair.one();
    assertThatThrownBy(() -> NbdClient.over("x", new Connection(channel, channel), "other", LIMITS))
        .isInstanceOf(NbdRefusedException.class)
        .hasMessageContaining("there is no export 'other'");
  }

  @Test
  void doesNotTakeAnythingForAServer() throws Exception {
    var _ = script(script -> script.raw.send(ByteBuffer.allocate(18).position(18)));
    assertThatThrownBy(() -> connect(LIMITS))
        .isInstanceOf(NbdProtocolException.class)
        .hasMessageContaining("no NBD server");
  }

  @Test
  void givesUpAServerThatIsSilent() {
    assertThatThrownBy(() -> connect(new NbdLimits(1, Duration.ofMillis(100))))
        .isInstanceOf(NbdProtocolException.class)
        .hasMessageContaining("did not end its handshake within 100 ms");
  }

  @Test
  void refusesBlockSizesThatMakeNoSense() throws Exception {
    var _ =
        script(
            script -> {
              script.greet();
              assertThat(script.option()).isEqualTo(8);
              script.reply(8, 0x80000001, ByteBuffer.allocate(0));
              assertThat(script.option()).isEqualTo(7);
              ByteBuffer sizes = ByteBuffer.allocate(14).putShort((short) 3);
              script.reply(7, 3, sizes.putInt(3).putInt(4096).putInt(1 << 20));
              script.reply(7, 1, ByteBuffer.allocate(0));
            });
    assertThatThrownBy(() -> connect(LIMITS))
        .isInstanceOf(NbdProtocolException.class)
        .hasMessageContaining("block sizes 3, 4096, 1048576");
  }

  @Test
  void doesWithoutStructuredReplies() throws Exception {
    CompletableFuture<Boolean> script =
        script(
            server -> {
              server.shakeHands(0x80000001);
              long cookie = server.request();
              server.raw.send(
                  ByteBuffer.allocate(19)
                      .putInt(0x67446698)
                      .putInt(0)
                      .putLong(cookie)
                      .put(new byte[] {1, 2, 3}));
              cookie = server.request();
              server.raw.send(ByteBuffer.allocate(16).putInt(0x67446698).putInt(5).putLong(cookie));
            });
    try (NbdClient client = connect(LIMITS)) {
      ByteBuffer target = ByteBuffer.allocate(3);
      client.read(7, target);
      assertThat(target.array()).containsExactly(1, 2, 3);
      assertThat(target.hasRemaining()).isFalse();
      assertThatThrownBy(() -> client.read(7, target.clear()))
          .isInstanceOfSatisfying(
              NbdErrorException.class, e -> assertThat(e.error()).isEqualTo(NbdError.INPUT_OUTPUT))
          .hasMessage("READ of 3 bytes at 7: input/output error");
      assertThat(script.get(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void putsChunksWhereTheyBelong() throws Exception {
    CompletableFuture<Boolean> script =
        script(
            server -> {
              server.shakeHands(1);
              long cookie = server.request();
              server.chunk(
                  0, 1, cookie, ByteBuffer.allocate(10).putLong(104).put(new byte[] {5, 6}));
              server.chunk(0, 2, cookie, ByteBuffer.allocate(12).putLong(100).putInt(4));
              server.chunk(1, 0, cookie, ByteBuffer.allocate(0));
              cookie = server.request();
              server.chunk(
                  0,
                  0x8002,
                  cookie,
                  ByteBuffer.allocate(16)
                      .putInt(28)
                      .putShort((short) 2)
                      .put((byte) 'n')
                      .put((byte) 'o')
                      .putLong(100));
              server.chunk(1, 0, cookie, ByteBuffer.allocate(0));
            });
    try (NbdClient client = connect(LIMITS)) {
      ByteBuffer target = ByteBuffer.wrap(new byte[] {9, 9, 9, 9, 9, 9});
      client.read(100, target);
      assertThat(target.array()).containsExactly(0, 0, 0, 0, 5, 6);
      assertThatThrownBy(() -> client.read(100, target.clear()))
          .isInstanceOfSatisfying(
              NbdErrorException.class, e -> assertThat(e.error()).isEqualTo(NbdError.NO_SPACE))
          .hasMessageEndingWith(": no");
      assertThat(script.get(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  private interface Lie {
    void tell(Script script, long cookie) throws IOException;
  }

  @Test
  void endsAtWhateverDoesNotFitWhatItAskedFor() throws Exception {
    List<Lie> lies =
        List.of(
            (s, c) -> s.chunk(1, 1, c + 1, ByteBuffer.allocate(9).putLong(0).put((byte) 1)),
            (s, c) -> s.chunk(1, 1, c, ByteBuffer.allocate(9).putLong(0).put((byte) 1)),
            (s, c) -> s.chunk(1, 1, c, ByteBuffer.allocate(20).putLong(1).position(20)),
            (s, c) -> s.chunk(1, 1, c, ByteBuffer.allocate(16).putLong(-1).position(16)),
            (s, c) -> s.chunk(1, 2, c, ByteBuffer.allocate(12).putLong(0).putInt(-1)),
            (s, c) -> s.chunk(1, 5, c, ByteBuffer.allocate(12).putInt(1).putInt(1).putInt(0)),
            (s, c) -> s.chunk(1, 0, c, ByteBuffer.allocate(0)),
            (s, c) -> s.chunk(0, 0, c, ByteBuffer.allocate(0)),
            (s, c) -> s.chunk(1, 77, c, ByteBuffer.allocate(0)),
            (s, c) -> s.chunk(1, 0x8001, c, ByteBuffer.allocate(3).position(3)),
            (s, c) -> s.chunk(1, 0x8001, c, ByteBuffer.allocate(6).putInt(5).putShort((short) 9)),
            (s, c) -> s.raw.send(ByteBuffer.allocate(16).putInt(0x67446698).putInt(0).putLong(c)),
            (s, c) -> s.raw.send(ByteBuffer.allocate(16).putInt(1).position(16)),
            (s, c) -> s.raw.channel.close());
    for (int i = 0; i < lies.size(); i++) {
      Lie lie = lies.get(i);
      try (UnixPair own = UnixPair.open()) {
        var _ =
            script(
                own,
                server -> {
                  server.shakeHands(1);
                  lie.tell(server, server.request());
                });
        try (NbdClient client = connect(own, LIMITS)) {
          assertThatThrownBy(() -> client.read(0, ByteBuffer.allocate(8)))
              .as("lie %d", i)
              .isInstanceOf(NbdDisconnectedException.class)
              .hasMessageContaining("ended: ");
          assertThat(client.isOpen()).isFalse();
          assertThatThrownBy(client::flush).isInstanceOf(NbdDisconnectedException.class);
        }
      }
    }
  }

  @Test
  void aBrokenConnectionFailsEverythingInFlight() throws Exception {
    CompletableFuture<NbdEnd> end = serve();
    CountDownLatch working = new CountDownLatch(8);
    device.before =
        (command, offset) -> {
          working.countDown();
          await(new CountDownLatch(1));
        };
    try (NbdClient client = connect(LIMITS)) {
      List<CompletableFuture<Boolean>> callers = new ArrayList<>();
      for (int i = 0; i < 40; i++) { // more than may be in flight
        long offset = i;
        callers.add(
            started(
                () -> {
                  client.writeZeroes(offset, 1, RequestFlags.NONE);
                  return true;
                }));
      }
      assertThat(working.await(30, TimeUnit.SECONDS)).isTrue();
      pair.other().close();
      for (CompletableFuture<Boolean> caller : callers) {
        assertThatThrownBy(() -> caller.get(30, TimeUnit.SECONDS))
            .isInstanceOf(ExecutionException.class)
            .hasCauseInstanceOf(NbdDisconnectedException.class);
      }
      assertThat(client.isOpen()).isFalse();
    }
    assertThat(end.get(30, TimeUnit.SECONDS)).isInstanceOf(NbdEnd.Broken.class);
  }

  @Test
  void closingSaysGoodbyeAndFailsThoseWhoWait() throws Exception {
    CompletableFuture<NbdEnd> end = serve();
    CountDownLatch working = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    device.before =
        (command, offset) -> {
          working.countDown();
          await(go);
        };
    NbdClient client = connect(LIMITS);
    CompletableFuture<Boolean> caller =
        started(
            () -> {
              client.flush();
              return true;
            });
    assertThat(working.await(30, TimeUnit.SECONDS)).isTrue();
    client.close();
    assertThatThrownBy(() -> caller.get(30, TimeUnit.SECONDS))
        .hasRootCauseMessage("closed by this side");
    go.countDown();
    assertThat(end.get(30, TimeUnit.SECONDS)).isEqualTo(new NbdEnd.Disconnected());
    client.close();
    assertThatThrownBy(client::flush).isInstanceOf(NbdDisconnectedException.class);
  }

  @Test
  void oneWhoIsInterruptedLeavesAndTheOthersGoOn() throws Exception {
    var _ = serve();
    CountDownLatch working = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    device.bytes[0] = 1;
    device.before =
        (command, offset) -> {
          if (offset == 0) {
            working.countDown();
            await(go);
          }
        };
    try (NbdClient client = connect(LIMITS)) {
      ByteBuffer untouched = ByteBuffer.allocateDirect(1);
      CompletableFuture<Exception> left = new CompletableFuture<>();
      Thread reader =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      client.read(0, untouched);
                    } catch (IOException e) {
                      left.complete(e);
                    }
                  });
      assertThat(working.await(30, TimeUnit.SECONDS)).isTrue();
      reader.interrupt();
      assertThat(left.get(30, TimeUnit.SECONDS)).isInstanceOf(InterruptedIOException.class);
      go.countDown();
      for (int i = 0; i < 100; i++) { // also the place that it had is free again
        client.write(1, ByteBuffer.wrap(new byte[] {(byte) i}), RequestFlags.NONE);
      }
      ByteBuffer target = ByteBuffer.allocate(2);
      client.read(0, target);
      assertThat(target.array()).containsExactly(1, 99);
      assertThat(untouched.get(0)).isZero();
    }
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
  void asksForNothingThatTheExportHasNot() throws Exception {
    var _ = serve();
    try (NbdClient client = connect(LIMITS)) {
      assertThatThrownBy(() -> client.read(client.size(), ByteBuffer.allocate(1)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> client.trim(0, 1L << 32, RequestFlags.NONE))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(client.allocation(0, client.size()))
          .containsExactly(new Extent(client.size(), Extent.State.HOLE_OF_ZEROES));
    }
  }
}
