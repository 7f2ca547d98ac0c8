package io.drover.tunnel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinkProbeTest {
  @TempDir Path folder;
  private Credentials alpha;
  private TestPort port;

  @BeforeEach
  void openPort() {
    TestFleet fleet = new TestFleet(folder);
    alpha = fleet.host("alpha");
    port = new TestPort(fleet.host("beta"));
  }

  @AfterEach
  void closePort() {
    port.close();
  }

  @Test
  void aLinkWithoutALimitIsFoundFast() {
    LinkSpeed speed = TestPort.client(alpha).probe(TestPort.BETA, port.address());
    assertThat(speed.rate().bytesPerSecond()).isPositive();
    assertThat(speed.roundTrip()).isPositive().isLessThan(Duration.ofSeconds(1));
    assertThat(speed.sentBytes()).isPositive().isLessThanOrEqualTo(64 << 20);
  }

  @ParameterizedTest
  @CsvSource({"500000, 0", "1500000, 0", "1500000, 200", "1500000, 500"})
  void aSlowLinksFirstBurstIsNotTakenForItsRate(long burst, long silentMillis) throws Exception {
    long rate = 2_000_000;
    try (Bottleneck slow =
        new Bottleneck(port.address(), rate, burst, Duration.ofMillis(silentMillis))) {
      LinkSpeed speed = TestPort.client(alpha).probe(TestPort.BETA, slow.address());
      // A burst taken for the rate would be off by far more. Below it only a busy machine shows.
      assertThat(speed.rate().bytesPerSecond()).isPositive().isLessThan(rate * 5 / 2);
      assertThat(speed.sentBytes()).isLessThan(6 * rate);
    }
  }

  @Test
  void whoeverSendsSomethingElseIsDropped() throws Exception {
    // The port answers a probe's protocol only.
    try (TlsChannel channel = probeChannel()) {
      channel.write(ByteBuffer.wrap(new byte[] {'D', 0x7f, 0, 0, 0}));
      assertThatThrownBy(() -> channel.in().readAllBytes()).isInstanceOf(IOException.class);
    }
  }

  private TlsChannel probeChannel() throws IOException {
    TlsChannel channel =
        new TlsChannel(
            java.nio.channels.SocketChannel.open(port.address()),
            alpha.clientEngine(java.util.List.of(io.drover.wire.Protocol.APPLICATION_PROTOCOL)));
    channel.handshake();
    io.drover.wire.Frames.write(
        channel.out(),
        io.drover.wire.WireCodec.encode(
            new io.drover.wire.Hello(2, 2, TestPort.ALPHA, new io.drover.wire.Purpose.Probe())));
    assertThat(io.drover.wire.Frames.read(channel.in(), 1000)).isPresent();
    return channel;
  }

  /** Passes one connection on at a rate, after a first burst at full speed and a silence. */
  private static final class Bottleneck implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket();

    Bottleneck(InetSocketAddress to, long bytesPerSecond, long burst, Duration silence)
        throws IOException {
      listener.setReceiveBufferSize(64 << 10);
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      Thread.ofVirtual()
          .start(
              () -> {
                try (Socket in = listener.accept();
                    Socket out = new Socket(to.getAddress(), to.getPort())) {
                  out.setTcpNoDelay(true);
                  in.setTcpNoDelay(true);
                  Thread.ofVirtual()
                      .start(
                          () -> {
                            try {
                              out.getInputStream().transferTo(in.getOutputStream());
                            } catch (IOException e) {
                              // the probe is over
                            }
                          });
                  byte[] buffer = new byte[4096];
                  // When the bucket was empty, or will be: what idles saves no more than the burst.
                  long emptyAt = Long.MIN_VALUE;
                  long burstNanos = burst * 1_000_000_000L / bytesPerSecond;
                  boolean silent = false;
                  int count;
                  while ((count = in.getInputStream().read(buffer)) >= 0) {
                    long now = System.nanoTime();
                    emptyAt =
                        Math.max(emptyAt, now - burstNanos)
                            + count * 1_000_000_000L / bytesPerSecond;
                    if (emptyAt > now) {
                      if (!silent) {
                        Thread.sleep(silence);
                        silent = true;
                      }
                      Thread.sleep(Duration.ofNanos(emptyAt - now));
                    }
                    out.getOutputStream().write(buffer, 0, count);
                  }
                } catch (IOException | InterruptedException e) {
                  // the probe is over
                }
              });
    }

    InetSocketAddress address() {
      return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    @Override
    public void close() throws IOException {
      listener.close();
    }
  }
}
