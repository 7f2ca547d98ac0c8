package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.chunk.exchange.Held;
import io.drover.model.Dedup;
import io.drover.model.MemoryBudget;
import io.drover.model.MigrationId;
import io.drover.qemu.PracticeStream;
import io.drover.tunnel.Coding;
import io.drover.wire.PeerMessage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Attempts one after the other, in the memory that is a move's own. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MemoryByContentTest {
  private final List<byte[]> stream = PracticeStream.ofMebibytes(2);
  private final MemoryBudget.Share memory = LeastMemory.ofSource(0).pages();
  private final AtomicInteger checkpoints = new AtomicInteger();
  private final ByteArrayOutputStream arrived = new ByteArrayOutputStream();
  private final MemoryByContent content =
      new MemoryByContent(
          new MigrationId("m0123456789"),
          Dedup.ON,
          Optional::empty,
          memory,
          () -> {
            int _ = checkpoints.incrementAndGet();
            return Optional.empty();
          });

  private Coding attempt(Coding.Sink toPeer) {
    return content
        .coding("test", PeerMessage.ContentUse.NAMES)
        .start(toPeer, (bytes, offset, length) -> {}, () -> {});
  }

  private Coding answeredAttempt() {
    Coding[] source = new Coding[1];
    ReceivingPages target =
        new ReceivingPages(
            Held.NOTHING,
            LeastMemory.ofTarget(0).pages(),
            (bytes, offset, length) -> source[0].inward(bytes, offset, length),
            arrived::write,
            () -> {});
    source[0] =
        attempt(
            (bytes, offset, length) -> {
              synchronized (target) {
                target.inward(bytes, offset, length);
              }
            });
    return source[0];
  }

  private static void send(Coding attempt, List<byte[]> parts) throws IOException {
    for (byte[] part : parts) {
      attempt.outward(part, 0, part.length);
    }
    attempt.outwardEnded();
  }

  private long namedBytes() {
    return content.view().orElseThrow().namedBytes();
  }

  @Test
  void theNumbersOfAllAttemptsAreShownTogetherAndThereIsOneCheckpoint() throws Exception {
    assertThat(content.view()).isEmpty();
    send(answeredAttempt(), stream);
    assertThat(namedBytes()).isEqualTo(2 << 20);
    Coding second = answeredAttempt();
    assertThat(namedBytes()).isEqualTo(2 << 20);
    send(second, stream.subList(1, 2));
    assertThat(namedBytes()).isEqualTo(3 << 20);
    assertThat(checkpoints).hasValue(1);
  }

  @Test
  void anAttemptThatIsCutLeavesItsMemoryToTheNext() throws Exception {
    Coding silent = attempt((bytes, offset, length) -> {});
    CompletableFuture<String> cut = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                send(silent, stream);
              } catch (IOException e) {
                cut.complete(e.getMessage());
              }
            });
    while (memory.tryTake(1)) {
      memory.give(1);
      Thread.sleep(1);
    }
    Coding next = answeredAttempt();
    assertThat(cut.get(10, TimeUnit.SECONDS)).isEqualTo("another attempt has begun");
    send(next, stream.subList(1, 2));
    assertThat(arrived.toByteArray()).isEqualTo(stream.get(1));
  }
}
