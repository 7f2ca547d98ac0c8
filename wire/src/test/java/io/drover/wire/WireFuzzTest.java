package io.drover.wire;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.drover.model.ProblemException;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

class WireFuzzTest {
  @FuzzTest
  void foreignPeerMessagesAreDecodedOrRefused(byte[] payload) {
    try {
      PeerMessage message = WireCodec.decodePeerMessage(payload);
      if (!Arrays.equals(WireCodec.encode(message), payload)) {
        throw new AssertionError("two encodings of " + message);
      }
    } catch (ProblemException refused) {
      expectProtocolError(refused);
    }
  }

  @FuzzTest
  void foreignHellosAreDecodedOrRefused(byte[] payload) {
    try {
      WireCodec.decodeHello(payload);
    } catch (ProblemException refused) {
      expectProtocolError(refused);
    }
    try {
      WireCodec.decodeHelloReply(payload);
    } catch (ProblemException refused) {
      expectProtocolError(refused);
    }
  }

  @FuzzTest
  void foreignFramesAreReadOrRefused(byte[] stream) throws IOException {
    ByteArrayInputStream in = new ByteArrayInputStream(stream);
    try {
      Optional<byte[]> frame;
      do {
        frame = Frames.read(in, Protocol.MAX_FRAME_BYTES);
      } while (frame.isPresent());
    } catch (ProblemException refused) {
      expectProtocolError(refused);
    } catch (EOFException expected) {
      // a cut stream
    }
  }

  private static void expectProtocolError(ProblemException refused) {
    String code = refused.problem().code();
    if (!code.equals("protocol-error") && !code.equals("no-common-version")) {
      throw refused;
    }
  }
}
