package io.drover.chunk.exchange;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;

/** A stream from a peer may be anything. */
class PackedStreamFuzzTest {
  private static final ByteSink NOBODY = (_, _, _) -> {};

  @FuzzTest
  void anyStreamIsReadOrRefused(byte[] bytes) {
    try (PackedStream stream = new PackedStream(Compression.ZSTD, NOBODY, NOBODY)) {
      stream.fromPeer(bytes, 0, bytes.length);
      stream.peerEnded();
    } catch (IOException e) {
      // Refused.
    }
  }
}
