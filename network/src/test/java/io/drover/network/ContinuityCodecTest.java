package io.drover.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.drover.model.ContinuityStep;
import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
import io.drover.model.ProblemException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;

class ContinuityCodecTest {
  private static final List<ContinuityMessage> MESSAGES =
      List.of(
          new ContinuityMessage.Offer(
              new GuestFilter(List.of(new FilterTable("inet", "drover_web", "[]"))),
              Optional.of(
                  new GuestWhereabouts(
                      new GuestName("web"),
                      3,
                      new HostName("beta"),
                      List.of(new IpAddress("192.0.2.10")),
                      List.of(new HostName("alpha"))))),
          new ContinuityMessage.Answer(
              List.of(
                  new ContinuityStep(
                      "filter", "beta", ContinuityStep.State.PLANNED, "one table", 0))),
          new ContinuityMessage.HandOver(Optional.empty(), List.of("-A -s 192.0.2.1")),
          new ContinuityMessage.HandOver(Optional.of(GuestFilter.NONE), List.of()),
          new ContinuityMessage.Report(List.of()));

  @Test
  void readsWhatItWrote() {
    for (ContinuityMessage message : MESSAGES) {
      assertThat(ContinuityCodec.decode(ContinuityCodec.encode(message))).isEqualTo(message);
    }
  }

  @Test
  void takesNoMoreMemoryThanItsLimit() throws IOException {
    ByteArrayOutputStream bomb = new ByteArrayOutputStream();
    bomb.write(3);
    try (DeflaterOutputStream deflated = new DeflaterOutputStream(bomb)) {
      for (int i = 0; i < 40; i++) {
        deflated.write(new byte[1 << 20]);
      }
    }
    assertThatThrownBy(() -> ContinuityCodec.decode(bomb.toByteArray()))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("inflates");
  }

  @Test
  void mutatedBytesAreReadOrRefused() {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = ContinuityCodec.encode(MESSAGES.get(random.nextInt(MESSAGES.size())));
      for (int j = 0; j <= random.nextInt(3); j++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      neverFailsWithAnythingButAProblem(bytes);
    }
  }

  @FuzzTest(maxDuration = "20s")
  void neverFailsWithAnythingButAProblem(byte[] bytes) {
    try {
      ContinuityMessage _ = ContinuityCodec.decode(bytes);
    } catch (ProblemException expected) {
      if (expected.problem().message().isEmpty()) {
        throw new AssertionError("a problem without a sentence");
      }
    }
  }
}
