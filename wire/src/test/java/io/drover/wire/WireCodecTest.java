package io.drover.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.HostName;
import io.drover.model.MigrationId;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WireCodecTest {
  private static final long SEED = 20_260_117;

  @Test
  void everyMessageComesBackAsItWas() {
    RandomMessages messages = new RandomMessages(SEED);
    for (int round = 0; round < 200; round++) {
      for (int kind = 0; kind < RandomMessages.KINDS; kind++) {
        PeerMessage message = messages.message(kind);
        byte[] payload = WireCodec.encode(message);
        assertThat(payload.length).isLessThanOrEqualTo(Protocol.MAX_FRAME_BYTES);
        assertThat(WireCodec.decodePeerMessage(payload)).as("seed %d", SEED).isEqualTo(message);
      }
      Hello hello = messages.hello();
      assertThat(WireCodec.decodeHello(WireCodec.encode(hello))).isEqualTo(hello);
      HelloReply reply = messages.helloReply();
      assertThat(WireCodec.decodeHelloReply(WireCodec.encode(reply))).isEqualTo(reply);
    }
  }

  @Test
  void everyKindOfMessageIsTried() {
    RandomMessages messages = new RandomMessages(SEED);
    List<Class<?>> tried =
        java.util.stream.IntStream.range(0, RandomMessages.KINDS)
            .<Class<?>>mapToObj(kind -> messages.message(kind).getClass())
            .toList();
    assertThat(tried).containsExactlyInAnyOrder(PeerMessage.class.getPermittedSubclasses());
  }

  @Test
  void everyPrefixOfAMessageIsRefused() {
    RandomMessages messages = new RandomMessages(SEED);
    for (int kind = 0; kind < RandomMessages.KINDS; kind++) {
      byte[] payload = WireCodec.encode(messages.message(kind));
      for (int length = 0; length < payload.length; length += 1 + payload.length / 500) {
        byte[] prefix = Arrays.copyOf(payload, length);
        assertRefused(() -> WireCodec.decodePeerMessage(prefix));
      }
    }
  }

  @Test
  void bytesAfterAMessageAreRefused() {
    RandomMessages messages = new RandomMessages(SEED);
    for (int kind = 0; kind < RandomMessages.KINDS; kind++) {
      byte[] payload = WireCodec.encode(messages.message(kind));
      assertRefused(() -> WireCodec.decodePeerMessage(Arrays.copyOf(payload, payload.length + 1)));
    }
  }

  @Test
  void anUnknownTypeIsRefusedByItsNumber() {
    assertThatThrownBy(() -> WireCodec.decodePeerMessage(new byte[] {(byte) 0xee}))
        .hasMessageContaining("238")
        .hasMessageContaining("a message's type");
  }

  @Test
  void mutatedMessagesAreDecodedOrRefusedAndNothingElse() {
    Random random = new Random(SEED);
    RandomMessages messages = new RandomMessages(SEED);
    for (int round = 0; round < 20_000; round++) {
      byte[] payload = WireCodec.encode(messages.message(round % RandomMessages.KINDS));
      for (int change = random.nextInt(4); change >= 0; change--) {
        payload[random.nextInt(payload.length)] = (byte) random.nextInt();
      }
      try {
        PeerMessage message = WireCodec.decodePeerMessage(payload);
        assertThat(WireCodec.encode(message)).as("seed %d", SEED).isEqualTo(payload);
      } catch (ProblemException e) {
        assertThat(e.problem().code()).isEqualTo("protocol-error");
      }
    }
  }

  @Test
  void aHelloOfALaterVersionWithMoreFieldsIsUnderstood() {
    Hello hello = new Hello(1, 9, new HostName("beta"), new Purpose.Probe());
    byte[] longer = Arrays.copyOf(WireCodec.encode(hello), 100);
    assertThat(WireCodec.decodeHello(longer)).isEqualTo(hello);
    assertThat(Protocol.commonVersion("beta", 1, 9)).isEqualTo(Protocol.NEWEST);
  }

  @Test
  void aHelloOfThisVersionWithMoreFieldsIsRefused() {
    Hello hello = new Hello(2, 2, new HostName("beta"), new Purpose.Probe());
    byte[] longer = Arrays.copyOf(WireCodec.encode(hello), 100);
    assertRefused(() -> WireCodec.decodeHello(longer));
  }

  @Test
  void versionsWithNothingInCommonAreRefusedByNameEvenWithAnUnknownPurpose() {
    byte[] future = {
      WireCodec.HELLO, 0, 7, 0, 9, 0, 4, 'b', 'e', 't', 'a', (byte) 0xcc, (byte) 0xdd
    };
    assertThatThrownBy(() -> WireCodec.decodeHello(future))
        .hasMessageContaining("Host beta speaks protocol versions 7 to 9, this host 2 to 2")
        .hasMessageContaining("Update Drover on this host")
        .extracting(e -> ((ProblemException) e).problem().code())
        .isEqualTo("no-common-version");
    assertThatThrownBy(() -> Protocol.commonVersion("Host beta", 0, 0))
        .hasMessageContaining("Update Drover on Host beta");
  }

  @Test
  void textThatIsNotUtf8IsRefused() {
    byte[] payload = WireCodec.encode(new PeerMessage.Abort("aa"));
    payload[payload.length - 1] = (byte) 0xff;
    assertThatThrownBy(() -> WireCodec.decodePeerMessage(payload)).hasMessageContaining("UTF-8");
  }

  @Test
  void proseThatIsTooLongIsCutBetweenCharacters() {
    String sheep = "羊".repeat(5000);
    PeerMessage.Abort cut =
        (PeerMessage.Abort)
            WireCodec.decodePeerMessage(WireCodec.encode(new PeerMessage.Abort(sheep)));
    assertThat(sheep).startsWith(cut.reason());
    assertThat(cut.reason().getBytes(StandardCharsets.UTF_8).length)
        .isBetween(Protocol.MAX_TEXT_BYTES - 3, Protocol.MAX_TEXT_BYTES);
  }

  @Test
  void framesComeBackAndAnEndBetweenThemIsClean() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Frames.write(out, new byte[] {1, 2, 3});
    Frames.write(out, new byte[] {4});
    ByteArrayInputStream in = new ByteArrayInputStream(out.toByteArray());
    assertThat(Frames.read(in, 10)).contains(new byte[] {1, 2, 3});
    assertThat(Frames.read(in, 10)).contains(new byte[] {4});
    assertThat(Frames.read(in, 10)).isEmpty();
  }

  @Test
  void framesThatAreEmptyOrTooLongAreRefusedAndCutOnesAreAnEarlyEnd() {
    for (int length : new int[] {0, 11, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
      byte[] head = ByteBuffer.allocate(4).putInt(length).array();
      assertRefused(() -> Frames.read(new ByteArrayInputStream(head), 10));
    }
    assertThatThrownBy(() -> Frames.read(new ByteArrayInputStream(new byte[] {0, 0, 0}), 10))
        .isInstanceOf(EOFException.class);
    assertThatThrownBy(() -> Frames.read(new ByteArrayInputStream(new byte[] {0, 0, 0, 9, 1}), 10))
        .isInstanceOf(EOFException.class);
  }

  @Test
  void aTicketNeverPrintsItself() {
    Ticket ticket = new Ticket(0x1122334455667788L, 0x99aabbccddeeff00L);
    assertThat(
            new Purpose.Channel(new MigrationId("m0123456789"), 0, 0, ticket)
                .toString()
                .toLowerCase(java.util.Locale.ROOT))
        .doesNotContain("5566")
        .doesNotContain("99aa");
  }

  private static void assertRefused(org.assertj.core.api.ThrowableAssert.ThrowingCallable decode) {
    assertThatThrownBy(decode)
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> {
              assertThat(e.problem().code()).isEqualTo("protocol-error");
              assertThat(e.problem().kind()).isEqualTo(Problem.Kind.PEER);
            });
  }
}
