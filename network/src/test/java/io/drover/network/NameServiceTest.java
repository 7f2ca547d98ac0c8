package io.drover.network;

import static io.drover.network.NameFixtures.ALPHA;
import static io.drover.network.NameFixtures.BETA;
import static io.drover.network.NameFixtures.GAMMA;
import static io.drover.network.NameFixtures.MAIL;
import static io.drover.network.NameFixtures.WEB;
import static io.drover.network.NameFixtures.at;
import static io.drover.network.NameFixtures.data;
import static io.drover.network.NameFixtures.ports;
import static io.drover.network.NameFixtures.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.Closeable;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.Type;

/** Whole name services that are connected by real sockets, asked by real datagrams and streams. */
class NameServiceTest {
  /** Less than anything that is done again and again takes. */
  private static final Duration SOON = Duration.ofMillis(1900);

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Map<HostName, Host> hosts = new LinkedHashMap<>();
  private final List<Closeable> toClose = new CopyOnWriteArrayList<>();

  /** A host with its name service; it can be switched off and on. */
  private final class Host {
    private final HostName name;
    private final int port;
    private final boolean answers;
    private final Set<GuestName> leaving = ConcurrentHashMap.newKeySet();
    private Optional<NameService> service = Optional.empty();

    Host(HostName name, boolean answers) throws IOException {
      this.name = name;
      this.answers = answers;
      this.port = NameFixtures.freePort();
      hosts.put(name, this);
    }

    Host on() {
      NameService started =
          NameService.open(
              name,
              answers ? Optional.of(NameFixtures.settings(port)) : Optional.empty(),
              hosts.keySet().stream().filter(other -> !other.equals(name)).toList(),
              this::dial,
              (_, guest, _) -> leaving.contains(guest),
              System::nanoTime);
      service = Optional.of(started);
      started.start();
      return this;
    }

    Host off() {
      names().close();
      service = Optional.empty();
      return this;
    }

    NameService names() {
      return service.orElseThrow();
    }

    private PeerChannel dial(HostName peer) {
      NameService called =
          host(peer)
              .service
              .orElseThrow(() -> Problem.peer("unreachable", peer + " is off", "").asException());
      return NameFixtures.connect(far -> called.accept(name, far));
    }

    Message ask(String question, String type) {
      try {
        SimpleResolver resolver = NameFixtures.resolver(port);
        return resolver.send(query(question, type));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    String text(String guest) {
      return String.join(" ", data(ask("_drover." + guest + ".guests.example.", "TXT")));
    }
  }

  private static Message query(String name, String type) {
    return Message.newQuery(
        Record.newRecord(Name.fromConstantString(name), Type.value(type), DClass.IN));
  }

  private Host host(HostName name) {
    return Objects.requireNonNull(hosts.get(name), name.value());
  }

  private Host answering(HostName name) throws IOException {
    return new Host(name, true);
  }

  @AfterEach
  void close() throws IOException {
    for (Host host : hosts.values()) {
      host.service.ifPresent(NameService::close);
    }
    for (Closeable each : toClose) {
      each.close();
    }
  }

  @Test
  void answersByDatagramsAndByConnections() throws IOException {
    Host alpha = answering(ALPHA).on();
    alpha.names().here(at(WEB, ALPHA, 2), ports("web", "192.0.2.10", "2001:db8::10"));

    for (boolean stream : List.of(false, true)) {
      SimpleResolver resolver = NameFixtures.resolver(alpha.port);
      resolver.setTCP(stream);
      assertThat(data(resolver.send(query("web.guests.example.", "A"))))
          .containsExactly("192.0.2.10");
      assertThat(data(resolver.send(query("10.2.0.192.in-addr.arpa.", "PTR"))))
          .containsExactly("web.guests.example.");
      assertThat(resolver.send(query("no.guests.example.", "A")).getRcode())
          .isEqualTo(Rcode.NXDOMAIN);
      assertThat(resolver.send(query("example.org.", "A")).getRcode()).isEqualTo(Rcode.REFUSED);
    }
    assertThat(alpha.text("web")).isEqualTo("\"move=2 host=alpha\"");
    assertThat(alpha.names().answered(WEB)).containsExactly("web.guests.example");
    assertThat(alpha.names().answered(MAIL)).isEmpty();
  }

  @Test
  void aDatagramThatIsTooShortForAllSendsWhoAsksToAConnection() throws IOException {
    Host alpha = answering(ALPHA).on();
    List<GuestPort> cards = new ArrayList<>();
    for (int card = 0; card < 32; card += 16) {
      String[] many = new String[16];
      for (int i = 0; i < many.length; i++) {
        many[i] = "2001:db8:1::%x".formatted(card + i);
      }
      cards.addAll(ports("web", many));
    }
    alpha.names().here(at(WEB, ALPHA, 0), cards);

    // Without extensions a datagram has 512 bytes.
    SimpleResolver plain = NameFixtures.resolver(alpha.port);
    plain.setEDNS(-1);
    plain.setIgnoreTruncation(true);
    Message cut = plain.send(query("web.guests.example.", "AAAA"));
    assertThat(cut.getHeader().getFlag(Flags.TC)).isTrue();

    plain.setIgnoreTruncation(false);
    assertThat(data(plain.send(query("web.guests.example.", "AAAA")))).hasSize(32);
    Message extended = query("web.guests.example.", "AAAA");
    extended.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
    assertThat(data(plain.send(extended))).hasSize(32);
  }

  @Test
  void everyHostSaysSoonWhereAGuestIsThatMoved() throws IOException {
    Host alpha = answering(ALPHA);
    Host beta = answering(BETA);
    Host gamma = answering(GAMMA);
    List<Host> all = List.of(alpha.on(), beta.on(), gamma.on());
    alpha.names().here(at(WEB, ALPHA, 0), ports("web", "192.0.2.10"));
    for (Host host : all) {
      until("it is known", PATIENCE, () -> host.text("web").equals("\"move=0 host=alpha\""));
    }

    // As a move does it: the target says that it has the guest, the source's copy goes later.
    alpha.leaving.add(WEB);
    long moved = System.nanoTime();
    gamma.names().here(at(WEB, GAMMA, 1), ports("web", "192.0.2.10"));
    for (Host host : all) {
      until("at gamma", SOON, () -> host.text("web").equals("\"move=1 host=gamma\""));
    }
    assertThat(Duration.ofNanos(System.nanoTime() - moved)).isLessThan(SOON);
    alpha.names().left(WEB);
    for (Host host : all) {
      assertThat(data(host.ask("web.guests.example.", "A"))).containsExactly("192.0.2.10");
      assertThat(host.names().find(WEB)).contains(at(WEB, GAMMA, 1));
    }

    // A late word of the move before changes nothing.
    beta.names().here(at(WEB, BETA, 0), ports("web", "192.0.2.66"));
    beta.names().here(at(MAIL, BETA, 0), ports("mail", "192.0.2.20"));
    for (Host host : List.of(alpha, gamma)) {
      until("all is heard", PATIENCE, () -> !host.text("mail").isEmpty());
      assertThat(host.text("web")).isEqualTo("\"move=1 host=gamma\"");
    }
  }

  @Test
  void aHostThatAnswersNothingTellsItsGuestsToo() throws IOException {
    Host alpha = new Host(ALPHA, false);
    Host beta = answering(BETA);
    alpha.on();
    beta.on();
    alpha.names().here(at(WEB, ALPHA, 0), ports("web.guests.example", "192.0.2.10"));

    until("it is known", PATIENCE, () -> beta.text("web").equals("\"move=0 host=alpha\""));
    assertThat(alpha.names().answering()).isEqualTo(1);
    assertThat(alpha.names().find(WEB)).isEmpty();
  }

  @Test
  void aGuestThatEndsIsGoneEverywhere() throws IOException {
    Host alpha = answering(ALPHA);
    Host beta = answering(BETA);
    alpha.on();
    beta.on();
    alpha.names().here(at(WEB, ALPHA, 0), ports("web", "192.0.2.10"));
    until("it is known", PATIENCE, () -> !beta.text("web").isEmpty());

    alpha.names().ended(WEB);

    for (Host host : List.of(alpha, beta)) {
      until(
          "it is gone",
          SOON,
          () -> host.ask("web.guests.example.", "A").getRcode() == Rcode.NXDOMAIN);
    }
  }

  @Test
  void whoWasAwayLearnsWhatHappenedMeanwhile() throws IOException {
    Host alpha = answering(ALPHA);
    Host beta = answering(BETA);
    alpha.on();
    beta.on();
    alpha.names().here(at(WEB, ALPHA, 0), ports("web", "192.0.2.10"));
    alpha.names().here(at(MAIL, ALPHA, 0), ports("mail", "192.0.2.20"));
    until("both are known", PATIENCE, () -> !beta.text("mail").isEmpty());

    // The agent of alpha is away for a while: what it has lives on, and is answered for.
    alpha.off();
    assertThat(beta.text("web")).isEqualTo("\"move=0 host=alpha\"");
    alpha.on();
    alpha.names().here(at(MAIL, ALPHA, 2), ports("mail", "192.0.2.20"));
    until("mail is known anew", PATIENCE, () -> beta.text("mail").contains("move=2"));
    until("web is gone", PATIENCE, () -> beta.text("web").isEmpty());

    // That of beta has nothing when it is back but what it is told.
    beta.off().on();
    until("it is told again", PATIENCE, () -> beta.text("mail").contains("move=2"));
  }

  @Test
  void nobodyTakesTheNameOfAGuestThatIsHere() throws IOException {
    Host alpha = answering(ALPHA);
    Host beta = answering(BETA);
    alpha.on();
    beta.on();
    alpha.names().here(at(WEB, ALPHA, 0), ports("web", "192.0.2.10"));
    beta.names().here(at(WEB, BETA, 99), ports("web", "192.0.2.66"));
    beta.names().here(at(new GuestName("evil"), BETA, 99), ports("web", "192.0.2.67"));
    beta.names().here(at(MAIL, BETA, 0), ports("mail", "192.0.2.20"));

    until("all is heard", PATIENCE, () -> !alpha.text("mail").isEmpty());

    assertThat(data(alpha.ask("web.guests.example.", "A"))).containsExactly("192.0.2.10");
    assertThat(alpha.text("web")).isEqualTo("\"move=0 host=alpha\"");
  }

  @Test
  void aPeerThatTalksNonsenseIsLeftAndAskedAgain() throws IOException {
    int port = NameFixtures.freePort();
    Random random = new Random(3);
    AtomicInteger tries = new AtomicInteger();
    NameService service =
        NameService.open(
            ALPHA,
            Optional.of(NameFixtures.settings(port)),
            List.of(BETA),
            _ -> {
              tries.incrementAndGet();
              byte[] nonsense = new byte[random.nextInt(100)];
              random.nextBytes(nonsense);
              return NameFixtures.connect(far -> say(far, nonsense));
            },
            (_, _, _) -> false,
            System::nanoTime);
    toClose.add(service::close);
    service.start();
    service.here(at(WEB, ALPHA, 0), ports("web", "192.0.2.10"));

    until("it was tried again", PATIENCE, () -> tries.get() > 3);
    assertThat(data(NameFixtures.resolver(port).send(query("web.guests.example.", "A"))))
        .containsExactly("192.0.2.10");
  }

  @Test
  void aPeerThatIsCutOffIsAskedAgain() throws IOException {
    AtomicLong ahead = new AtomicLong();
    AtomicInteger tries = new AtomicInteger();
    NameService service =
        NameService.open(
            ALPHA,
            Optional.of(NameFixtures.settings(NameFixtures.freePort())),
            List.of(BETA),
            _ -> {
              tries.incrementAndGet();
              return NameFixtures.connect(_ -> {}); // it stands, and nothing ever comes
            },
            (_, _, _) -> false,
            () -> System.nanoTime() + ahead.get());
    toClose.add(service::close);
    service.start();
    until("it is asked", PATIENCE, () -> tries.get() == 1);

    ahead.addAndGet(Duration.ofSeconds(9).toNanos());

    until("it is asked again", PATIENCE, () -> tries.get() > 1);
  }

  private static void say(PeerChannel to, byte[] bytes) {
    try (to) {
      to.out().write(bytes);
    } catch (IOException e) {
      // It was left before all was said.
    }
  }

  @Test
  void strangersThatSendNonsenseOrNothingDoNotKeepOthersFromAnswers() throws IOException {
    Host alpha = answering(ALPHA).on();
    alpha.names().here(at(WEB, ALPHA, 0), ports("web", "192.0.2.10"));
    Random random = new Random(5);
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (DatagramSocket socket = new DatagramSocket()) {
      for (int i = 0; i < 2000; i++) {
        byte[] bytes = new byte[random.nextInt(i % 10 == 0 ? 6000 : 60)];
        random.nextBytes(bytes);
        socket.send(new DatagramPacket(bytes, bytes.length, loopback, alpha.port));
      }
    }
    List<Socket> silent = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Socket socket = new Socket(loopback, alpha.port);
      silent.add(socket);
      toClose.add(socket);
      if (i % 2 == 0) {
        byte[] bytes = new byte[random.nextInt(60)];
        random.nextBytes(bytes);
        try {
          socket.getOutputStream().write(bytes);
        } catch (IOException e) {
          // There were too many before it is heard.
        }
      }
    }

    for (boolean stream : List.of(false, true)) {
      SimpleResolver resolver = NameFixtures.resolver(alpha.port);
      resolver.setTCP(stream);
      until(
          "it answers",
          PATIENCE,
          () -> {
            try {
              return data(resolver.send(query("web.guests.example.", "A")))
                  .equals(List.of("192.0.2.10"));
            } catch (IOException e) {
              return false; // lost among the others
            }
          });
    }
    assertThat(silent).hasSize(100);
  }

  @Test
  void aConnectionMayAskMoreThanOnceAndNotTooMuch() throws IOException {
    Host alpha = answering(ALPHA).on();
    alpha.names().here(at(WEB, ALPHA, 0), ports("web", "192.0.2.10"));
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), alpha.port)) {
      socket.setSoTimeout(10_000);
      java.io.DataInputStream in = new java.io.DataInputStream(socket.getInputStream());
      java.io.DataOutputStream out = new java.io.DataOutputStream(socket.getOutputStream());
      for (int i = 0; i < 3; i++) {
        byte[] question = query("web.guests.example.", "A").toWire();
        out.writeShort(question.length);
        out.write(question);
        byte[] answer = in.readNBytes(in.readUnsignedShort());
        assertThat(data(new Message(answer))).containsExactly("192.0.2.10");
      }
      out.writeShort(NameResponder.MAX_QUESTION_BYTES + 1);
      assertThat(in.read()).isEqualTo(-1);
    }
  }

  @Test
  void anAddressThatCannotBeHadIsAProblemWithARemedy() throws IOException {
    Host alpha = answering(ALPHA).on();
    assertThatThrownBy(alpha::on)
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("127.0.0.1 port " + alpha.port)
        .hasMessageContaining("ss -tulnp");
  }
}
