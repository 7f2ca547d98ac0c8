package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.chunk.Grain;
import io.drover.chunk.exchange.ContentReceiver;
import io.drover.chunk.exchange.Held;
import io.drover.model.MemoryBudget;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PlainExchangeTest {
  private static byte[] noise(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  @Test
  void whatIsWrittenArrivesAtAnExchange() throws IOException {
    ByteArrayOutputStream crossed = new ByteArrayOutputStream();
    byte[] stream = noise(400_000);
    PlainExchange exchange = new PlainExchange(crossed, new ByteArrayInputStream(new byte[0]));
    exchange.out().write(stream, 0, 300_000);
    exchange.out().write(stream[300_000]);
    exchange.out().write(stream, 300_001, 99_999);
    ByteArrayOutputStream arrived = new ByteArrayOutputStream();
    ContentReceiver receiver =
        new ContentReceiver(
            Grain.PAGE, Held.NOTHING, MemoryBudget.boundless(), (b, o, l) -> {}, arrived::write);
    receiver.fromPeer(crossed.toByteArray(), 0, crossed.size());
    receiver.peerEnded();
    assertThat(arrived.toByteArray()).isEqualTo(stream);
  }

  @Test
  void whatComesBackIsReadAndEnds() throws IOException {
    ByteArrayOutputStream answers = new ByteArrayOutputStream();
    ContentReceiver receiver =
        new ContentReceiver(
            Grain.PAGE, Held.NOTHING, MemoryBudget.boundless(), answers::write, (b, o, l) -> {});
    byte[] back = noise(9_000);
    receiver.back(back, 0, 5_000);
    receiver.back(back, 5_000, 4_000);
    receiver.backEnded();
    PlainExchange exchange =
        new PlainExchange(
            new ByteArrayOutputStream(), new ByteArrayInputStream(answers.toByteArray()));
    assertThat(exchange.in().readAllBytes()).isEqualTo(back);
  }
}
