package io.drover.chunk.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.chunk.ChunkName;
import io.drover.chunk.ChunkNamer;
import io.drover.chunk.Grain;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ExchangeTest {
  private static final int PAGE = Grain.PAGE.bytes();

  /** A receiver that holds some pages in memory. */
  private static final class Pages implements Held {
    private final Map<ChunkName, byte[]> pages = new ConcurrentHashMap<>();
    private final List<ChunkName> arrived = new ArrayList<>();

    void put(byte[] page) {
      pages.put(new ChunkNamer(Grain.PAGE).name(page, 0), page);
    }

    @Override
    public boolean lookup(ChunkName name, byte[] into, int offset) {
      byte[] page = pages.get(name);
      if (page != null) {
        System.arraycopy(page, 0, into, offset, PAGE);
      }
      return page != null;
    }

    @Override
    public void arrived(ChunkName name, byte[] bytes, int offset) {
      arrived.add(name);
    }
  }

  /** Passes bytes on to another thread, as a connection does, in pieces of a size of its own. */
  private static final class Wire implements ByteSink, AutoCloseable {
    private static final byte[] END = {};
    private final LinkedBlockingQueue<byte[]> pieces = new LinkedBlockingQueue<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final AtomicLong bytes = new AtomicLong();

    Wire(long seed, ByteSink to, Runnable failing) {
      Random random = new Random(seed);
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  for (byte[] piece = pieces.take(); piece.length > 0; piece = pieces.take()) {
                    for (int at = 0; at < piece.length; ) {
                      int length = Math.min(piece.length - at, 1 + random.nextInt(9000));
                      to.write(piece, at, length);
                      at += length;
                    }
                  }
                  ended.complete(null);
                } catch (IOException | InterruptedException | RuntimeException e) {
                  ended.completeExceptionally(e);
                  failing.run();
                }
              });
    }

    @Override
    public void write(byte[] from, int offset, int length) {
      byte[] piece = new byte[length];
      System.arraycopy(from, offset, piece, 0, length);
      long _ = bytes.addAndGet(length);
      if (length > 0) {
        pieces.add(piece);
      }
    }

    @Override
    public void close() {
      pieces.add(END);
    }

    void join() throws Exception {
      ended.get(30, TimeUnit.SECONDS);
    }
  }

  /** Both sides, and the wires between them. */
  private static final class Exchange {
    final ByteArrayOutputStream received = new ByteArrayOutputStream();
    final ByteArrayOutputStream carriedBack = new ByteArrayOutputStream();
    final CompletableFuture<Void> backEnd = new CompletableFuture<>();
    final List<ChunkName> watched = new ArrayList<>();
    final ContentSender sender;
    final ContentReceiver receiver;
    final Wire there;
    final Wire back;

    Exchange(long seed, int window, Held held) {
      ContentSender[] late = new ContentSender[1];
      ContentReceiver[] lateReceiver = new ContentReceiver[1];
      back =
          new Wire(
              seed + 1,
              (bytes, offset, length) -> late[0].fromPeer(bytes, offset, length),
              () -> late[0].close("broken"));
      there =
          new Wire(
              seed + 2,
              (bytes, offset, length) -> lateReceiver[0].fromPeer(bytes, offset, length),
              () -> late[0].close("broken"));
      sender =
          new ContentSender(
              Grain.PAGE,
              window,
              Compression.ZSTD,
              there,
              new Back() {
                @Override
                public void write(byte[] bytes, int offset, int length) {
                  carriedBack.write(bytes, offset, length);
                }

                @Override
                public void end() {
                  backEnd.complete(null);
                }
              },
              (name, bytes, offset) -> watched.add(name));
      receiver = new ContentReceiver(Grain.PAGE, held, back, received::write);
      late[0] = sender;
      lateReceiver[0] = receiver;
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  sender.sendWanted();
                } catch (IOException closed) {
                  // as it ends
                }
              });
    }

    void end() throws Exception {
      sender.end();
      there.close();
      there.join();
      receiver.peerEnded();
      receiver.backEnded();
      back.close();
      back.join();
      backEnd.get(10, TimeUnit.SECONDS);
      sender.close();
    }
  }

  private static byte[] page(Random random) {
    byte[] page = new byte[PAGE];
    random.nextBytes(page);
    return page;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 64})
  void theStreamArrivesByteForByteWhateverIsHeld(int window) throws Exception {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      Pages held = new Pages();
      List<byte[]> pages = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        pages.add(i == 0 ? new byte[PAGE] : page(random));
        if (random.nextInt(3) == 0) {
          held.put(pages.getLast());
        }
      }
      Exchange exchange = new Exchange(seed, window, held);
      ByteArrayOutputStream sent = new ByteArrayOutputStream();
      for (int i = 0; i < 1000; i++) {
        switch (random.nextInt(8)) {
          case 0, 1, 2, 3 -> {
            byte[] page = pages.get(random.nextInt(pages.size()));
            exchange.sender.chunk(page, 0);
            sent.write(page);
          }
          case 4, 5 -> {
            byte[] literal = new byte[random.nextInt(30)];
            random.nextBytes(literal);
            exchange.sender.literal(literal, 0, literal.length);
            sent.write(literal);
          }
          case 6 -> exchange.sender.flush();
          default -> {
            if (random.nextInt(50) == 0) {
              byte[] large = new byte[random.nextInt(500_000)];
              random.nextBytes(large);
              exchange.sender.literal(large, 0, large.length);
              sent.write(large);
            }
          }
        }
      }
      exchange.end();
      assertThat(exchange.received.toByteArray()).isEqualTo(sent.toByteArray());
      assertThat(exchange.sender.saving()).isEqualTo(exchange.receiver.saving());
    }
  }

  @Test
  void whatIsHeldIsNotSent() throws Exception {
    Random random = new Random(1);
    Pages held = new Pages();
    Exchange exchange = new Exchange(1, 8, held);
    for (int i = 0; i < 500; i++) {
      byte[] page = page(random);
      held.put(page);
      exchange.sender.chunk(page, 0);
    }
    exchange.end();
    assertThat(exchange.received.size()).isEqualTo(500 * PAGE);
    assertThat(exchange.sender.saving()).isEqualTo(new Saving(500, 0, 0));
    assertThat(exchange.there.bytes.get()).isLessThan(500 * 30);
    assertThat(held.arrived).isEmpty();
  }

  @Test
  void aWatchedChunkCrossesAsItIsAndOnlyTheWatchLearnsItsName() throws Exception {
    Random random = new Random(5);
    Exchange exchange = new Exchange(1, 8, new Pages());
    byte[] sent = new byte[300 * PAGE];
    for (int i = 0; i < 300; i++) {
      byte[] page = page(random);
      System.arraycopy(page, 0, sent, i * PAGE, PAGE);
      exchange.sender.watched(page, 0);
    }
    exchange.end();
    assertThat(exchange.received.toByteArray()).isEqualTo(sent);
    assertThat(exchange.sender.saving()).isEqualTo(new Saving(0, 0, 0));
    assertThat(exchange.watched).hasSize(300);
    assertThat(exchange.watched.getLast())
        .isEqualTo(new ChunkNamer(Grain.PAGE).name(sent, 299 * PAGE));
  }

  @Test
  void anyNumberOfLiteralBatchesBehindOneThatLacksChunksIsWithinTheLimits() throws Exception {
    List<byte[]> messages = new ArrayList<>();
    ContentSender sender =
        new ContentSender(
            Grain.PAGE, 4, Compression.NONE, keeping(messages), new Nowhere(), ChunkWatch.NOBODY);
    byte[] page = page(new Random(9));
    CompletableFuture<Integer> written = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              int flushed = 0;
              try {
                sender.chunk(page, 0);
                sender.flush();
                for (; flushed < 1000; flushed++) {
                  sender.literal(page, 0, 9);
                  sender.flush();
                }
              } catch (IOException closed) {
                written.complete(flushed);
              }
            });
    // It stops where the receiver would refuse more.
    Thread.sleep(300);
    sender.close();
    int literals = written.get(10, TimeUnit.SECONDS);
    assertThat(literals).isEqualTo(ExchangeLimits.BATCHES - 1);
    ContentReceiver receiver =
        new ContentReceiver(
            Grain.PAGE, Held.NOTHING, (bytes, at, length) -> {}, (bytes, at, length) -> {});
    for (byte[] message : messages) {
      receiver.fromPeer(message, 0, message.length);
    }
  }

  @Test
  void whatComesTwiceInAShortTimeIsSentOnce() throws Exception {
    Random random = new Random(2);
    byte[] page = page(random);
    Pages held = new Pages();
    Exchange exchange = new Exchange(2, 8, held);
    for (int i = 0; i < 300; i++) {
      exchange.sender.chunk(page, 0);
    }
    exchange.end();
    assertThat(exchange.received.size()).isEqualTo(300 * PAGE);
    assertThat(held.arrived).hasSize(1);
  }

  @Test
  void theOtherDirectionIsCarriedAlong() throws Exception {
    Exchange exchange = new Exchange(3, 4, Held.NOTHING);
    byte[] text = "a page request".getBytes(StandardCharsets.US_ASCII);
    byte[] large = new byte[700_000];
    new Random(3).nextBytes(large);
    exchange.receiver.back(text, 0, text.length);
    exchange.sender.chunk(new byte[PAGE], 0);
    exchange.receiver.back(large, 0, large.length);
    exchange.end();
    ByteArrayOutputStream wanted = new ByteArrayOutputStream();
    wanted.write(text);
    wanted.write(large);
    assertThat(exchange.carriedBack.toByteArray()).isEqualTo(wanted.toByteArray());
  }

  @Test
  void aSenderThatWaitsForAnAnswerIsToldWhenThereIsNone() throws Exception {
    Random random = new Random(4);
    ContentSender sender =
        new ContentSender(
            Grain.PAGE,
            1,
            Compression.NONE,
            (bytes, offset, length) -> {},
            new Nowhere(),
            ChunkWatch.NOBODY);
    sender.chunk(page(random), 0);
    sender.flush();
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                sender.chunk(page(random), 0);
                failure.complete(new AssertionError("did not wait"));
              } catch (IOException e) {
                failure.complete(e);
              }
            });
    assertThat(failure.isDone()).isFalse();
    sender.close("the link was cut");
    assertThat(failure.get(10, TimeUnit.SECONDS)).hasMessage("the link was cut");
    assertThatThrownBy(sender::end).hasMessage("the link was cut");
  }

  private static final class Nowhere implements Back {
    @Override
    public void write(byte[] bytes, int offset, int length) {}

    @Override
    public void end() {}
  }

  // ---- peers that do not keep to it ----

  @Test
  void aChunkUnderTheNameOfAnotherOneIsFound() throws IOException {
    Random random = new Random(5);
    List<byte[]> messages = new ArrayList<>();
    ContentSender sender =
        new ContentSender(
            Grain.PAGE, 4, Compression.NONE, keeping(messages), new Nowhere(), ChunkWatch.NOBODY);
    sender.chunk(page(random), 0);
    sender.flush();
    sender.fromPeer(new byte[] {3, 0, 0, 0, 1, 1}, 0, 6);
    sender.close();
    assertThatThrownBy(sender::sendWanted).hasMessage("closed");
    messages.get(1)[Message.HEAD_BYTES + 77] ^= 1;
    ContentReceiver receiver =
        new ContentReceiver(
            Grain.PAGE, Held.NOTHING, (bytes, offset, length) -> {}, (bytes, offset, length) -> {});
    receiver.fromPeer(messages.get(0), 0, messages.get(0).length);
    assertThatThrownBy(() -> receiver.fromPeer(messages.get(1), 0, messages.get(1).length))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("under the name of another");
  }

  private static ByteSink keeping(List<byte[]> messages) {
    return (bytes, offset, length) -> {
      byte[] message = new byte[length];
      System.arraycopy(bytes, offset, message, 0, length);
      messages.add(message);
    };
  }

  @Test
  void whatIsTooLongOrNotExpectedEndsTheExchangeBeforeItTakesMemory() {
    ContentReceiver receiver =
        new ContentReceiver(
            Grain.PAGE, Held.NOTHING, (bytes, offset, length) -> {}, (bytes, offset, length) -> {});
    for (byte[] head :
        List.of(
            new byte[] {1, 0x7f, 0, 0, 0},
            new byte[] {1, -1, 0, 0, 0},
            new byte[] {2, 0x7f, 0, 0, 0},
            new byte[] {3, 0, 0, 0, 1},
            new byte[] {9, 0, 0, 0, 1})) {
      assertThatThrownBy(() -> receiver.fromPeer(head, 0, head.length))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void randomAndMutatedMessagesEndTheExchangeOrMakeNoDifference() throws IOException {
    Random random = new Random(6);
    for (int round = 0; round < 300; round++) {
      List<byte[]> messages = new ArrayList<>();
      ContentSender sender =
          new ContentSender(
              Grain.PAGE, 4, Compression.NONE, keeping(messages), new Nowhere(), ChunkWatch.NOBODY);
      for (int i = 0; i < 5; i++) {
        sender.literal(new byte[random.nextInt(20)], 0, 0);
        sender.chunk(page(random), 0);
      }
      sender.flush();
      byte[] batch = messages.getFirst();
      for (int change = random.nextInt(3); change >= 0; change--) {
        batch[random.nextInt(batch.length)] = (byte) random.nextInt();
      }
      ContentReceiver receiver =
          new ContentReceiver(
              Grain.PAGE,
              Held.NOTHING,
              (bytes, offset, length) -> {},
              (bytes, offset, length) -> {});
      try {
        receiver.fromPeer(batch, 0, batch.length);
      } catch (IOException expected) {
        assertThat(expected).hasMessageContaining("the peer");
      }
    }
  }
}
