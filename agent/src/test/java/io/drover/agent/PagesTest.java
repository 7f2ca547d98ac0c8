package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.chunk.exchange.Compression;
import io.drover.chunk.exchange.Held;
import io.drover.model.Dedup;
import io.drover.tunnel.Coding;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Both ends of a main channel by content, without a network between them. */
@Timeout(30)
class PagesTest {
  private final ByteArrayOutputStream atTarget = new ByteArrayOutputStream();
  private final ByteArrayOutputStream atSource = new ByteArrayOutputStream();
  private final CompletableFuture<Void> targetEnd = new CompletableFuture<>();
  private final CompletableFuture<Void> sourceEnd = new CompletableFuture<>();
  private final LinkedBlockingQueue<Optional<byte[]>> there = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<Optional<byte[]>> back = new LinkedBlockingQueue<>();
  private final SendingPages sending =
      new SendingPages(
          "test",
          4,
          Compression.ZSTD,
          Optional.empty(),
          new NamingWorth(Dedup.ON, Optional::empty, System::nanoTime),
          Optional.empty(),
          (bytes, offset, length) -> there.add(Optional.of(copy(bytes, offset, length))),
          atSource::write,
          () -> sourceEnd.complete(null));
  private final ReceivingPages receiving =
      new ReceivingPages(
          Held.NOTHING,
          (bytes, offset, length) -> back.add(Optional.of(copy(bytes, offset, length))),
          atTarget::write,
          () -> targetEnd.complete(null));

  private static byte[] copy(byte[] bytes, int offset, int length) {
    byte[] copy = new byte[length];
    System.arraycopy(bytes, offset, copy, 0, length);
    return copy;
  }

  /** Gives what was queued to the other end, as a relay's thread does. */
  private static CompletableFuture<Void> pump(
      LinkedBlockingQueue<Optional<byte[]>> queue, Coding coding) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                for (Optional<byte[]> piece = queue.take();
                    piece.isPresent();
                    piece = queue.take()) {
                  coding.inward(piece.get(), 0, piece.get().length);
                }
                coding.inwardEnded();
                done.complete(null);
              } catch (IOException | InterruptedException e) {
                done.completeExceptionally(e);
              }
            });
    return done;
  }

  private static byte[] noise(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  @Test
  void bothDirectionsArriveAndEndInOrder() throws Exception {
    CompletableFuture<Void> outward = pump(there, receiving);
    CompletableFuture<Void> inward = pump(back, sending);
    byte[] stream = noise(700_001);
    byte[] answers = noise(3_003);
    receiving.outward(answers, 0, 3_000);
    sending.outward(stream, 0, 300_000);
    sending.outward(stream, 300_000, 400_001);
    receiving.outward(answers, 3_000, 3);
    CompletableFuture<Void> answered = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                receiving.outwardEnded();
                answered.complete(null);
              } catch (IOException e) {
                answered.completeExceptionally(e);
              }
            });
    sourceEnd.get(10, TimeUnit.SECONDS);
    // It may still be asked for an answer.
    assertThat(answered).isNotDone();
    sending.outwardEnded();
    there.add(Optional.empty());
    outward.get(10, TimeUnit.SECONDS);
    answered.get(10, TimeUnit.SECONDS);
    back.add(Optional.empty());
    inward.get(10, TimeUnit.SECONDS);
    assertThat(targetEnd).isDone();
    assertThat(atTarget.toByteArray()).isEqualTo(stream);
    assertThat(atSource.toByteArray()).isEqualTo(answers);
    assertThat(sending.saving()).isEqualTo(receiving.saving());
  }

  @Test
  void nobodyWaitsWhenTheRelayBreaksOff() throws Exception {
    CompletableFuture<Void> waiting = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                receiving.outwardEnded();
                waiting.complete(null);
              } catch (IOException e) {
                waiting.completeExceptionally(e);
              }
            });
    receiving.breakOff("cut");
    waiting.get(10, TimeUnit.SECONDS);
    sending.breakOff("cut");
    assertThatThrownBy(() -> sending.outward(noise(300_000), 0, 300_000))
        .isInstanceOf(IOException.class)
        .hasMessage("cut");
  }
}
