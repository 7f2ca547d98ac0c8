package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.chunk.ChunkName;
import io.drover.chunk.Grain;
import io.drover.chunk.exchange.Back;
import io.drover.chunk.exchange.ByteSink;
import io.drover.chunk.exchange.ChunkWatch;
import io.drover.chunk.exchange.Compression;
import io.drover.chunk.exchange.ContentReceiver;
import io.drover.chunk.exchange.ContentSender;
import io.drover.chunk.exchange.Held;
import io.drover.chunk.exchange.Saving;
import io.drover.migration.HypervisorEvent;
import io.drover.migration.TransferSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Streams of real moves through an exchange. */
@Tag("real")
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PageNamingIT {
  private static final int PAGE = Grain.PAGE.bytes();

  private final RealQemu real;

  PageNamingIT() throws Exception {
    real = new RealQemu();
  }

  @AfterEach
  void end() throws Exception {
    real.close();
  }

  /** Keeps what arrives. */
  private static final class Memory implements Held {
    private final Map<ChunkName, byte[]> pages = new HashMap<>();

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
      byte[] page = new byte[PAGE];
      System.arraycopy(bytes, offset, page, 0, PAGE);
      pages.put(name, page);
    }
  }

  private static final class Wire implements ByteSink {
    private static final byte[] END = {};
    private final LinkedBlockingQueue<byte[]> pieces = new LinkedBlockingQueue<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    void to(ByteSink sink) {
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  for (byte[] piece = pieces.take(); piece.length > 0; piece = pieces.take()) {
                    sink.write(piece, 0, piece.length);
                  }
                  ended.complete(null);
                } catch (IOException | InterruptedException | RuntimeException e) {
                  ended.completeExceptionally(e);
                }
              });
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      byte[] piece = new byte[length];
      System.arraycopy(bytes, offset, piece, 0, length);
      if (length > 0) {
        pieces.add(piece);
      }
    }

    void end() throws Exception {
      pieces.add(END);
      ended.get(60, TimeUnit.SECONDS);
    }
  }

  /** Sends a recorded stream, asserts that it arrives byte for byte, and answers what it took. */
  private static Saving exchange(byte[] stream, int piece, Held held) throws Exception {
    ByteArrayOutputStream received = new ByteArrayOutputStream();
    Wire there = new Wire();
    Wire back = new Wire();
    ContentReceiver receiver = new ContentReceiver(Grain.PAGE, held, back, received::write);
    ContentSender sender =
        new ContentSender(
            Grain.PAGE,
            8,
            Compression.ofMachine(),
            there,
            new Back() {
              @Override
              public void write(byte[] bytes, int offset, int length) {}

              @Override
              public void end() {}
            },
            ChunkWatch.NOBODY);
    there.to(receiver::fromPeer);
    back.to(sender::fromPeer);
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                sender.sendWanted();
              } catch (IOException e) {
                // closed at the end
              }
            });
    PageNaming naming = new PageNaming(sender, () -> PageNaming.Page.NAMED);
    for (int at = 0; at < stream.length; at += piece) {
      naming.write(stream, at, Math.min(piece, stream.length - at));
    }
    sender.end();
    there.end();
    receiver.peerEnded();
    back.end();
    sender.close();
    assertThat(received.toByteArray()).isEqualTo(stream);
    return sender.saving();
  }

  private void assertNamed(byte[] stream, long leastPages) throws Exception {
    Memory memory = new Memory();
    Saving first = exchange(stream, 128 << 10, memory);
    assertThat(first.chunks()).isGreaterThan(leastPages);
    assertThat(first.wanted()).isPositive().isLessThanOrEqualTo(first.chunks());
    // Whoever has had it once needs nothing more of it, whatever the pieces.
    assertThat(exchange(stream, 10_007, memory)).isEqualTo(new Saving(first.chunks(), 0, 0));
  }

  @Test
  void aPreCopysPagesCrossByName() throws Exception {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    QemuGuest guest = MemoryWriter.start(real, "a", 20_000);
    try (Move move = new Move(real, guest, "b", RealQemu.precopy())) {
      Move begun = move.begin(Long.MAX_VALUE, (channel, bytes) -> stream.writeBytes(bytes));
      MemoryWriter.verifyRuns(begun.finishPreCopy(), real.directory);
    }
    assertNamed(stream.toByteArray(), 9_000);
  }

  @Test
  void aPostCopysPagesCrossByName() throws Exception {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    QemuGuest guest = MemoryWriter.start(real, "a", 20_000);
    TransferSettings settings = RealQemu.postcopyUrgent();
    try (Move move = new Move(real, guest, "b", settings)) {
      move.source.configure(settings);
      move.source.changeMaxDowntime(Duration.ofMillis(1));
      move.source.startTransfer(
          move.path(
              30_000_000,
              (channel, bytes) -> {
                if (channel == 0) {
                  stream.writeBytes(bytes);
                }
              }));
      move.sourceLog.await(
          event -> event instanceof HypervisorEvent.PassStarted pass && pass.pass() >= 2, "pass 2");
      move.source.switchToPostCopy(Optional.empty());
      move.sourceLog.await(HypervisorEvent.PostCopyActive.class);
      move.target.run();
      MemoryWriter.verifyRuns(move.finishPostCopy(), real.directory);
    }
    assertNamed(stream.toByteArray(), 5_000);
  }
}
