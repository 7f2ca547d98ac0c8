package io.drover.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NameFramesTest {
  private static final List<NameMessage> MESSAGES =
      List.of(
          new NameMessage.Here(
              NameFixtures.names(NameFixtures.WEB, 7, "web", "192.0.2.10", "2001:db8::10")),
          new NameMessage.Gone(NameFixtures.WEB),
          new NameMessage.All(),
          new NameMessage.Alive());

  private static NameMessage read(byte[] bytes) throws IOException {
    return NameFrames.read(new DataInputStream(new ByteArrayInputStream(bytes)));
  }

  @Test
  void readsWhatItWrote() throws IOException {
    for (NameMessage message : MESSAGES) {
      assertThat(read(NameFrames.encode(message))).isEqualTo(message);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "null",
        "[",
        "{\"guest\":{\"value\":\"web\"},\"sequence\":-1,\"cards\":[]}",
        "{\"guest\":{\"value\":\"Web!\"},\"sequence\":1,\"cards\":[]}",
        "{\"guest\":null,\"sequence\":1,\"cards\":[]}",
        "{\"guest\":{\"value\":\"web\"},\"sequence\":1}",
        "{\"guest\":{\"value\":\"web\"},\"sequence\":1,\"cards\":[null]}",
        "{\"guest\":{\"value\":\"web\"},\"sequence\":1,\"cards\":[{\"name\":\"a b\",\"addresses\":[]}]}",
        "{\"guest\":{\"value\":\"web\"},\"sequence\":1,\"cards\":[{\"name\":\"a\"}]}",
        "{\"guest\":{\"value\":\"web\"},\"sequence\":1,\"cards\":[{\"name\":\"a\",\"addresses\":[{\"text\":\"x\"}]}]}",
      })
  void refusesWhatIsNoGuest(String json) {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    byte[] frame =
        ByteBuffer.allocate(4 + body.length).putInt(1 << 24 | body.length).put(body).array();

    assertThatThrownBy(() -> read(frame)).isInstanceOf(IOException.class);
  }

  @Test
  void takesNoMemoryForWhatIsTooLong() {
    assertThatThrownBy(() -> read(new byte[] {1, (byte) 0xff, 0, 0}))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("16711680 bytes");
  }

  @Test
  void mutatedFramesAreReadOrRefused() {
    Random random = new Random(11);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = NameFrames.encode(MESSAGES.get(random.nextInt(MESSAGES.size())));
      for (int j = 0; j <= random.nextInt(3); j++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      foreignFramesAreReadOrRefused(bytes);
    }
  }

  @FuzzTest(maxDuration = "20s")
  void foreignFramesAreReadOrRefused(byte[] bytes) {
    try {
      NameMessage _ = read(bytes);
    } catch (IOException expected) {
      // It was no frame.
    }
  }
}
