package io.drover.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.GuestName;
import io.drover.model.IpAddress;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TunnelFramesTest {
  private static final GuestName WEB = new GuestName("web");

  private static List<RedirectMessage> read(byte[] bytes) throws IOException {
    List<RedirectMessage> messages = new ArrayList<>();
    TunnelFrames.read(
        new ByteArrayInputStream(bytes),
        new TunnelFrames.Receiver() {
          @Override
          public void packet(byte[] packet, int length) {
            throw new AssertionError("no packet was sent");
          }

          @Override
          public void message(RedirectMessage message) {
            messages.add(message);
          }

          @Override
          public void alive() {
            // Nobody asks.
          }
        });
    return messages;
  }

  @Test
  void everyMessageIsReadAsItWasWritten() throws IOException {
    List<RedirectMessage> all =
        List.of(
            new RedirectMessage.Claim(WEB, 3, List.of(new IpAddress("192.0.2.10"))),
            new RedirectMessage.Granted(WEB, 3),
            new RedirectMessage.Denied(WEB, 3, "the guest is here"),
            new RedirectMessage.Ended(WEB, 3),
            new RedirectMessage.Trusts(new IpAddress("2001:db8::6"), 7717),
            new RedirectMessage.Arrives(1500),
            new RedirectMessage.Distrusts("no"));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (RedirectMessage message : all) {
      bytes.write(TunnelFrames.encode(message));
      bytes.write(TunnelFrames.keepAlive());
    }
    assertThat(read(bytes.toByteArray())).isEqualTo(all);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "6|{\"to\": {\"text\": \"beta\"}, \"port\": 7717}",
        "6|{\"to\": {\"text\": \"192.0.2.1\"}, \"port\": 70000}",
        "6|null",
        "8|[]",
        "9|{}",
      })
  void whatIsNoMessageEndsTheConnection(int kind, String json) {
    byte[] content = json.getBytes(StandardCharsets.UTF_8);
    byte[] frame = new byte[TunnelFrames.HEADER_BYTES + content.length];
    TunnelFrames.header(frame, kind, content.length);
    System.arraycopy(content, 0, frame, TunnelFrames.HEADER_BYTES, content.length);
    assertThatThrownBy(() -> read(frame)).isInstanceOf(IOException.class);
  }
}
