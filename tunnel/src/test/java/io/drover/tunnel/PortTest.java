package io.drover.tunnel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.HostName;
import io.drover.model.MigrationId;
import io.drover.model.ProblemException;
import io.drover.wire.Frames;
import io.drover.wire.Hello;
import io.drover.wire.HelloReply;
import io.drover.wire.Protocol;
import io.drover.wire.Purpose;
import io.drover.wire.Ticket;
import io.drover.wire.WireCodec;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PortTest {
  private static final MigrationId MIGRATION = new MigrationId("m0123456789");
  private static final MigrationId OTHER = new MigrationId("m9876543210");
  @TempDir Path folder;
  private TestFleet fleet;
  private Credentials alpha;
  private TestPort port;

  @BeforeEach
  void openPort() {
    fleet = new TestFleet(folder.resolve("fleet"));
    alpha = fleet.host("alpha");
    port = new TestPort(fleet.host("beta"));
  }

  @AfterEach
  void closePort() {
    port.close();
  }

  @Test
  void aPermittedHostGetsAControlConnectionUnderItsCertificatesName() throws Exception {
    assertAlphaIsLetIn();
  }

  private void assertAlphaIsLetIn() throws Exception {
    try (ControlConnection _ = control(alpha, TestPort.ALPHA)) {
      ControlConnection accepted = accepted();
      assertThat(accepted.peer()).isEqualTo(TestPort.ALPHA);
      assertThat(accepted.migration()).isEqualTo(MIGRATION);
      accepted.close();
    }
  }

  @Test
  void theCipherIsTheFastOne() throws Exception {
    TlsChannel channel = channel(alpha, ticket(0), 0);
    assertThat(channel.cipherSuite()).isEqualTo("TLS_AES_128_GCM_SHA256");
    channel.close();
  }

  @Test
  void aCallerWithoutACertificateIsRefused() throws Exception {
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(new javax.net.ssl.KeyManager[0], new TrustManager[] {trusting()}, null);
    try (SocketChannel socket = SocketChannel.open(port.address())) {
      var engine = context.createSSLEngine();
      engine.setUseClientMode(true);
      var parameters = engine.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {Protocol.APPLICATION_PROTOCOL});
      engine.setSSLParameters(parameters);
      TlsChannel channel = new TlsChannel(socket, engine);
      assertThatThrownBy(
              () -> {
                channel.handshake();
                channel.write(hello("alpha"));
                while (channel.read(ByteBuffer.allocate(100)) >= 0) {}
                throw new IOException("ended by the port");
              })
          .isInstanceOf(IOException.class);
    }
    assertThat(port.sawNobody()).isTrue();
  }

  @Test
  void aCertificateOfAnotherAuthorityIsRefused() {
    TestFleet stranger = new TestFleet(folder.resolve("stranger"));
    Credentials forged =
        stranger.credentials(Identity.host(TestPort.ALPHA), fleet.folder.resolve("ca.pem"));
    assertProblem(() -> control(forged, TestPort.ALPHA), "no-handshake");
    assertThat(port.sawNobody()).isTrue();
  }

  @Test
  void aPortWithACertificateOfAnotherAuthorityIsNotTrusted() {
    TestFleet stranger = new TestFleet(folder.resolve("stranger"));
    try (TestPort impostor = new TestPort(stranger.host("beta"))) {
      assertProblem(
          () -> TestPort.client(alpha).control(TestPort.BETA, impostor.address(), MIGRATION),
          "no-handshake");
      assertThat(impostor.sawNobody()).isTrue();
    }
  }

  @Test
  void anExpiredCertificateIsRefused() {
    Instant long_ago = Instant.now().minus(Duration.ofDays(100));
    TestFleet old = new TestFleet(folder.resolve("old"), Clock.fixed(long_ago, ZoneOffset.UTC));
    try (TestPort current = new TestPort(renewed(old))) {
      Credentials expired = old.host("alpha"); // for 30 days, 100 days ago
      assertProblem(
          () -> TestPort.client(expired).control(TestPort.BETA, current.address(), MIGRATION),
          "no-handshake");
      assertThat(current.sawNobody()).isTrue();
    }
  }

  /** A certificate of today for beta, of an authority made long ago. */
  private static Credentials renewed(TestFleet old) {
    CertificateAuthority authority =
        CertificateAuthority.load(old.folder, Clock.systemUTC(), new java.security.SecureRandom());
    Path certificate = old.folder.resolve("renewed.pem");
    Path key = old.folder.resolve("renewed.key");
    authority
        .issue(Identity.host(TestPort.BETA), List.of(), Duration.ofDays(30))
        .write(certificate, key, CertificateAuthority.Replacing.NOTHING);
    return Credentials.load(old.folder.resolve("ca.pem"), certificate, key);
  }

  @Test
  void aValidCertificateAloneIsNoPermission() {
    HostName gamma = new HostName("gamma");
    assertProblem(() -> control(fleet.host("gamma"), gamma), "not-permitted");
    assertThat(port.sawNobody()).isTrue();
  }

  @Test
  void aHostCannotSpeakForAnother() {
    assertProblem(() -> control(fleet.host("gamma"), TestPort.ALPHA), "not-who-it-says");
    assertThat(port.sawNobody()).isTrue();
  }

  @Test
  void anOperatorsCertificateIsNoHost() {
    assertProblem(() -> control(fleet.operator("alpha"), TestPort.ALPHA), "not-who-it-says");
    assertThat(port.sawNobody()).isTrue();
  }

  @Test
  void theCallerNoticesThatItReachedAnotherHost() {
    assertProblem(
        () -> TestPort.client(alpha).control(new HostName("gamma"), port.address(), MIGRATION),
        "wrong-host");
  }

  @Test
  void aListedOperatorIsServedAndAnotherIsNot() throws Exception {
    try (TlsChannel channel = operator(fleet.operator("alice"))) {
      channel.write(ByteBuffer.wrap(new byte[] {'!'}));
      assertThat(new String(channel.in().readAllBytes(), StandardCharsets.UTF_8))
          .isEqualTo("hello alice !");
    }
    for (Credentials refused : List.of(fleet.operator("mallory"), alpha)) {
      try (TlsChannel channel = operator(refused)) {
        assertThatThrownBy(() -> channel.in().readAllBytes()).isInstanceOf(IOException.class);
      }
    }
    assertThat(port.operators).containsExactly("alice");
  }

  @Test
  void aTicketLetsOneChannelInOnce() throws Exception {
    Ticket ticket = ticket(0);
    TlsChannel channel = channel(alpha, ticket, 0);
    TlsChannel accepted = port.channels.poll(5, TimeUnit.SECONDS);
    channel.write(ByteBuffer.wrap(new byte[] {42}));
    ByteBuffer got = ByteBuffer.allocate(10);
    assertThat(accepted.read(got)).isEqualTo(1);
    assertThat(got.get(0)).isEqualTo((byte) 42);
    assertProblem(() -> channel(alpha, ticket, 0), "bad-ticket");
    assertThat(port.channels).isEmpty();
    channel.close();
    accepted.close();
  }

  @Test
  void wrongAndForeignTicketsAreRefused() {
    Ticket ticket = ticket(0);
    assertProblem(
        () -> channel(alpha, new Ticket(ticket.high(), ticket.low() ^ 1), 0), "bad-ticket");
    assertProblem(() -> channel(alpha, ticket, 1), "bad-ticket");
    assertProblem(
        () ->
            TestPort.client(alpha)
                .channel(TestPort.BETA, port.address(), new Purpose.Channel(OTHER, 0, 0, ticket)),
        "bad-ticket");
    port.permitted.add(new HostName("gamma"));
    assertProblem(
        () ->
            TestPort.client(fleet.host("gamma"), new HostName("gamma"))
                .channel(
                    TestPort.BETA, port.address(), new Purpose.Channel(MIGRATION, 0, 0, ticket)),
        "bad-ticket");
    assertThat(port.channels).isEmpty();
  }

  @Test
  void aPeerOfAnotherVersionIsRefusedByName() throws Exception {
    byte[] future = WireCodec.encode(new Hello(2, 2, TestPort.ALPHA, new Purpose.Probe()));
    future[2] = 7; // oldest
    future[4] = 9; // newest
    assertThat(refusal(future).problem().message())
        .isEqualTo("Host alpha speaks protocol versions 7 to 9, this host 2 to 2");
  }

  @Test
  void garbageInsteadOfAHelloIsAnsweredAndRefused() throws Exception {
    assertThat(refusal(new byte[] {99, 1, 2, 3}).problem().code()).isEqualTo("protocol-error");
    assertThat(port.sawNobody()).isTrue();
  }

  private HelloReply.Refused refusal(byte[] hello) throws Exception {
    try (TlsChannel channel = handshake(alpha, Protocol.APPLICATION_PROTOCOL)) {
      Frames.write(channel.out(), hello);
      byte[] reply = Frames.read(channel.in(), Protocol.MAX_HELLO_BYTES).orElseThrow();
      return (HelloReply.Refused) WireCodec.decodeHelloReply(reply);
    }
  }

  @Test
  void randomBytesAtThePortEndTheConnectionAndNothingElse() throws Exception {
    Random random = new Random(7);
    for (int i = 0; i < 100; i++) {
      byte[] garbage = new byte[1 + random.nextInt(3000)];
      random.nextBytes(garbage);
      if (i % 2 == 0) { // looks like a TLS record
        garbage[0] = 22;
        if (garbage.length > 2) {
          garbage[1] = 3;
          garbage[2] = 3;
        }
      }
      try (Socket socket = new Socket()) {
        socket.connect(port.address());
        OutputStream out = socket.getOutputStream();
        out.write(garbage);
        socket.shutdownOutput();
        InputStream in = socket.getInputStream();
        while (in.read() >= 0) {} // the port ends it
      } catch (IOException e) {
        // or resets it
      }
    }
    assertAlphaIsLetIn();
  }

  @Test
  void whoeverDoesNotIntroduceItselfInTimeIsDroppedWhateverItSends() throws Exception {
    try (TestPort impatient =
        new TestPort(
            fleet.host("beta"), new Port.Limits(Duration.ofMillis(500), 8, TestPort.FAST))) {
      try (Socket silent = new Socket()) {
        silent.connect(impatient.address());
        assertEnds(silent.getInputStream());
      }
      // One byte at a time, each soon enough to keep a time-out per read from firing.
      try (Socket slow = new Socket()) {
        slow.connect(impatient.address());
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    byte[] record = {22, 3, 1, 2, 0};
                    slow.getOutputStream().write(record);
                    while (true) {
                      slow.getOutputStream().write(1);
                      Thread.sleep(50);
                    }
                  } catch (IOException | InterruptedException e) {
                    // dropped, as it should be
                  }
                });
        assertEnds(slow.getInputStream());
      }
      // With a good certificate, but a hello that never gets whole.
      try (TlsChannel channel = handshake(alpha, Protocol.APPLICATION_PROTOCOL, impatient)) {
        channel.write(ByteBuffer.wrap(new byte[] {0, 0, 0, 50, 1}));
        assertThatThrownBy(() -> channel.in().readAllBytes()).isInstanceOf(IOException.class);
      }
      assertThat(impatient.sawNobody()).isTrue();
    }
  }

  @Test
  void onlySoManyStrangersAreHeardAtOnce() throws Exception {
    try (TestPort small =
        new TestPort(
            fleet.host("beta"), new Port.Limits(Duration.ofSeconds(20), 2, TestPort.FAST))) {
      List<Socket> held = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        Socket socket = new Socket();
        socket.connect(small.address());
        held.add(socket);
      }
      try (Socket third = new Socket()) {
        third.connect(small.address());
        assertEnds(third.getInputStream());
      }
      for (Socket socket : held) {
        socket.close();
      }
      ControlConnection connection = retry(small); // once their places are free again
      connection.close();
    }
  }

  private ControlConnection retry(TestPort small) throws InterruptedException {
    for (int i = 0; ; i++) {
      try {
        return TestPort.client(alpha).control(TestPort.BETA, small.address(), MIGRATION);
      } catch (ProblemException e) {
        assertThat(i).isLessThan(100);
        Thread.sleep(50);
      }
    }
  }

  @Test
  void aPortInUseIsAProblemWithARemedy() {
    assertThatThrownBy(
            () ->
                Port.open(
                    port.address(),
                    fleet.host("beta"),
                    TestPort.BETA,
                    port.tickets,
                    port,
                    port,
                    Port.Limits.DEFAULT))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> {
              assertThat(e.problem().code()).isEqualTo("port-in-use");
              assertThat(e.problem().remedy()).contains("ss -tlnp");
            });
  }

  @Test
  void aPortRefusesToOpenWithAnothersCertificate() {
    assertProblem(
        () ->
            Port.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                alpha,
                TestPort.BETA,
                port.tickets,
                port,
                port,
                Port.Limits.DEFAULT),
        "wrong-certificate");
  }

  @Test
  void nobodyThereIsUnreachable() {
    InetSocketAddress address = port.address();
    port.close();
    assertProblem(
        () -> TestPort.client(alpha).control(TestPort.BETA, address, MIGRATION), "unreachable");
  }

  @Test
  void aRenewedCertificateIsUsedWithoutARestart() throws Exception {
    Path certificate = fleet.folder.resolve("host-alpha.pem");
    byte[] before = Files.readAllBytes(certificate);
    String serial = serialSeen();
    fleet.host("alpha"); // writes a new pair over the old one
    assertThat(Files.readAllBytes(certificate)).isNotEqualTo(before);
    assertThat(serialSeen()).isNotEqualTo(serial);
    Files.writeString(certificate, "nonsense");
    assertThat(serialSeen()).isNotEqualTo(serial); // the last good one stays in use
  }

  private String serialSeen() throws Exception {
    TlsChannel mine = channel(alpha, ticket(0), 0);
    TlsChannel theirs = port.channels.poll(5, TimeUnit.SECONDS);
    try (mine;
        theirs) {
      return theirs.peerCertificate().getSerialNumber().toString();
    }
  }

  private Ticket ticket(int attempt) {
    return port.tickets.issue(MIGRATION, attempt, 2, TestPort.ALPHA).getFirst();
  }

  private TlsChannel channel(Credentials credentials, Ticket ticket, int channel) {
    return TestPort.client(credentials)
        .channel(TestPort.BETA, port.address(), new Purpose.Channel(MIGRATION, 0, channel, ticket));
  }

  private ControlConnection control(Credentials credentials, HostName self) {
    return TestPort.client(credentials, self).control(TestPort.BETA, port.address(), MIGRATION);
  }

  private ControlConnection accepted() throws InterruptedException {
    ControlConnection accepted = port.controls.poll(5, TimeUnit.SECONDS);
    assertThat(accepted).isNotNull();
    return accepted;
  }

  private TlsChannel operator(Credentials credentials) throws IOException {
    return handshake(credentials, Port.HTTP);
  }

  private TlsChannel handshake(Credentials credentials, String protocol) throws IOException {
    return handshake(credentials, protocol, port);
  }

  private static TlsChannel handshake(Credentials credentials, String protocol, TestPort to)
      throws IOException {
    TlsChannel channel =
        new TlsChannel(
            SocketChannel.open(to.address()), credentials.clientEngine(List.of(protocol)));
    channel.handshake();
    return channel;
  }

  private static ByteBuffer hello(String from) {
    byte[] payload =
        WireCodec.encode(new Hello(2, 2, new HostName(from), new Purpose.Control(MIGRATION)));
    return ByteBuffer.allocate(4 + payload.length).putInt(payload.length).put(payload).flip();
  }

  private static void assertEnds(InputStream in) {
    try {
      while (in.read() >= 0) {}
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("reset");
    }
  }

  private static void assertProblem(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String code) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ProblemException.class, e -> assertThat(e.problem().code()).isEqualTo(code));
  }

  private static X509ExtendedTrustManager trusting() {
    return new TrustEverybody();
  }
}
