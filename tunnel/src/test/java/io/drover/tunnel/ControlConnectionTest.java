package io.drover.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.MigrationId;
import io.drover.model.Problem;
import io.drover.wire.Frames;
import io.drover.wire.Hello;
import io.drover.wire.PeerMessage;
import io.drover.wire.Protocol;
import io.drover.wire.Purpose;
import io.drover.wire.WireCodec;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlConnectionTest {
  private static final MigrationId MIGRATION = new MigrationId("m0123456789");
  @TempDir Path folder;
  private Credentials alpha;
  private TestPort port;

  private static class Heard implements ControlListener {
    final BlockingQueue<PeerMessage> messages = new LinkedBlockingQueue<>();
    final BlockingQueue<ControlEnd> ends = new LinkedBlockingQueue<>();

    @Override
    public void received(PeerMessage message) {
      messages.add(message);
    }

    @Override
    public void ended(ControlEnd end) {
      ends.add(end);
    }

    PeerMessage message() throws InterruptedException {
      PeerMessage message = messages.poll(10, TimeUnit.SECONDS);
      assertThat(message).isNotNull();
      return message;
    }

    ControlEnd end() throws InterruptedException {
      ControlEnd end = ends.poll(20, TimeUnit.SECONDS);
      assertThat(end).isNotNull();
      return end;
    }
  }

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

  private ControlConnection connect() {
    return TestPort.client(alpha).control(TestPort.BETA, port.address(), MIGRATION);
  }

  private ControlConnection accept(ControlListener listener) throws InterruptedException {
    ControlConnection accepted = port.controls.poll(10, TimeUnit.SECONDS);
    assertThat(accepted).isNotNull();
    accepted.start(listener);
    return accepted;
  }

  @Test
  void messagesArriveInOrderBothWaysAndTheEndIsClean() throws Exception {
    Heard atAlpha = new Heard();
    Heard atBeta = new Heard();
    ControlConnection source = connect();
    ControlConnection target = accept(atBeta);
    source.start(atAlpha);
    for (int i = 0; i < 100; i++) {
      source.send(new PeerMessage.Listen(i));
      target.send(new PeerMessage.Paused("reason " + i));
    }
    for (int i = 0; i < 100; i++) {
      assertThat(atBeta.message()).isEqualTo(new PeerMessage.Listen(i));
      assertThat(atAlpha.message()).isEqualTo(new PeerMessage.Paused("reason " + i));
    }
    source.send(new PeerMessage.Finished());
    source.close();
    assertThat(atBeta.message()).isEqualTo(new PeerMessage.Finished());
    assertThat(atBeta.end()).isEqualTo(new ControlEnd.Closed());
    assertThat(atAlpha.end()).isEqualTo(new ControlEnd.Closed());
    assertThat(atAlpha.ends).isEmpty();
    assertThat(atBeta.ends).isEmpty();
  }

  @Test
  void heartbeatsMeasureTheRoundTripAndAreNotHandedOn() throws Exception {
    Heard atAlpha = new Heard();
    Heard atBeta = new Heard();
    ControlConnection source = connect();
    ControlConnection target = accept(atBeta);
    source.start(atAlpha);
    for (int i = 0; source.roundTrip().isEmpty() || target.roundTrip().isEmpty(); i++) {
      assertThat(i).isLessThan(1000);
      Thread.sleep(10);
    }
    assertThat(source.roundTrip().get().shortest()).isPositive();
    assertThat(atAlpha.messages).isEmpty();
    assertThat(atBeta.messages).isEmpty();
    source.close();
    atBeta.end();
  }

  @Test
  void aSlowListenerDoesNotMakeThePeerThinkItIsDead() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    Heard atAlpha = new Heard();
    Heard atBeta =
        new Heard() {
          @Override
          public void received(PeerMessage message) {
            super.received(message);
            try {
              release.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }
        };
    ControlConnection source = connect();
    accept(atBeta);
    source.start(atAlpha);
    source.send(new PeerMessage.Finished());
    atBeta.message();
    Thread.sleep(TestPort.FAST.silence().plusMillis(300)); // longer than silence is tolerated
    assertThat(atAlpha.ends).isEmpty();
    release.countDown();
    source.close();
    assertThat(atBeta.end()).isEqualTo(new ControlEnd.Closed());
  }

  /** A peer that is let in and then does only what the test does with its bytes. */
  private TlsChannel rawPeer() throws IOException {
    SocketChannel socket = SocketChannel.open();
    socket.setOption(StandardSocketOptions.SO_RCVBUF, 8 << 10);
    socket.connect(port.address());
    TlsChannel channel =
        new TlsChannel(socket, alpha.clientEngine(List.of(Protocol.APPLICATION_PROTOCOL)));
    channel.handshake();
    Hello hello = new Hello(2, 2, TestPort.ALPHA, new Purpose.Control(MIGRATION));
    Frames.write(channel.out(), WireCodec.encode(hello));
    assertThat(Frames.read(channel.in(), 1000)).isPresent();
    return channel;
  }

  @Test
  void aPeerThatAnswersNothingIsLostOnce() throws Exception {
    Heard atBeta = new Heard();
    try (TlsChannel _ = rawPeer()) {
      accept(atBeta);
      assertThat(atBeta.end())
          .isInstanceOfSatisfying(
              ControlEnd.Lost.class,
              lost -> assertThat(lost.reason()).contains("host alpha has not answered for"));
      assertThat(atBeta.ends).isEmpty();
    }
  }

  @Test
  void aPeerThatStopsReadingIsLostAndTheSenderNeverBlocks() throws Exception {
    Heard atBeta = new Heard();
    try (TlsChannel _ = rawPeer()) {
      ControlConnection target = accept(atBeta);
      Problem problem = Problem.peer("x", "y".repeat(4000), "z".repeat(4000));
      PeerMessage large = new PeerMessage.Refused(java.util.Collections.nCopies(64, problem));
      for (int i = 0; i < 1000; i++) { // half a gigabyte, had it all been kept
        target.send(large);
      }
      assertThat(atBeta.end()).isInstanceOf(ControlEnd.Lost.class);
    }
  }

  @Test
  void aPeerThatSendsOneByteAtATimeIsLost() throws Exception {
    Heard atBeta = new Heard();
    try (TlsChannel channel = rawPeer()) {
      accept(atBeta);
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  channel.write(ByteBuffer.wrap(new byte[] {0, 1, 0, 0}));
                  while (true) {
                    channel.write(ByteBuffer.wrap(new byte[] {0x13}));
                    Thread.sleep(50);
                  }
                } catch (IOException | InterruptedException e) {
                  // cut off, as it should be
                }
              });
      assertThat(atBeta.end()).isInstanceOf(ControlEnd.Lost.class);
    }
  }

  @Test
  void aPeerThatFloodsIsCutOffWithBoundedMemory() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    List<PeerMessage> received = new ArrayList<>();
    BlockingQueue<ControlEnd> ends = new LinkedBlockingQueue<>();
    try (TlsChannel channel = rawPeer()) {
      accept(
          new ControlListener() {
            @Override
            public void received(PeerMessage message) {
              received.add(message);
              try {
                release.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            }

            @Override
            public void ended(ControlEnd end) {
              ends.add(end);
            }
          });
      try {
        for (int i = 0; i < 10_000; i++) {
          Frames.write(channel.out(), WireCodec.encode(new PeerMessage.Listen(i)));
        }
      } catch (IOException e) {
        // cut off
      }
      release.countDown();
      assertThat(ends.poll(10, TimeUnit.SECONDS)).isInstanceOf(ControlEnd.Lost.class);
      assertThat(received.size()).isLessThan(600);
    }
  }

  @Test
  void garbageAfterTheHelloEndsTheConversation() throws Exception {
    for (byte[] garbage : List.of(new byte[] {(byte) 0xee}, new byte[] {0x10, 1, 2})) {
      Heard atBeta = new Heard();
      try (TlsChannel channel = rawPeer()) {
        accept(atBeta);
        Frames.write(channel.out(), garbage);
        assertThat(atBeta.end()).isInstanceOf(ControlEnd.Lost.class);
      }
    }
    Heard atBeta = new Heard();
    try (TlsChannel channel = rawPeer()) {
      accept(atBeta);
      channel.write(ByteBuffer.allocate(4).putInt(Integer.MAX_VALUE).flip());
      assertThat(atBeta.end())
          .isEqualTo(
              new ControlEnd.Lost(
                  "The peer announced a message of 2147483647 bytes; 1 to 1048576 are allowed"));
    }
  }

  @Test
  void aConnectionThatBreaksIsToldFromOneThatIsClosed() throws Exception {
    Heard atBeta = new Heard();
    TlsChannel channel = rawPeer();
    accept(atBeta);
    channel.close(); // no close_notify
    assertThat(atBeta.end()).isInstanceOf(ControlEnd.Lost.class);
  }

  @Test
  void theDefaultsAreAHeartbeatASecondAndFiveOfSilence() {
    assertThat(ControlConnection.Timing.DEFAULT)
        .isEqualTo(new ControlConnection.Timing(Duration.ofSeconds(1), Duration.ofSeconds(5)));
  }
}
