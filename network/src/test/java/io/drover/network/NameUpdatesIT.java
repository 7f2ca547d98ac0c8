package io.drover.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
import io.drover.model.NetworkCard;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** BIND and Knot themselves. */
@Tag("real")
class NameUpdatesIT {
  private static final HostName ALPHA = new HostName("alpha");
  private static final HostName BETA = new HostName("beta");
  private static final Duration TTL = Duration.ofMinutes(5);
  @TempDir Path folder = Path.of("");

  private static NetworkCard card(String... addresses) {
    return new NetworkCard(
        "52:54:00:00:00:0a",
        "guests",
        List.of(addresses).stream().map(IpAddress::new).toList(),
        Optional.of("web.example.org"));
  }

  private NameSettings settings(NameServers server) {
    return new NameSettings(
        "127.0.0.1",
        server.port,
        server.keyFile(),
        List.of("example.org", "2.0.192.in-addr.arpa"),
        TTL,
        Duration.ofSeconds(5));
  }

  @ParameterizedTest
  @EnumSource(NameServers.Program.class)
  void namesLeadToTheGuestAndBackAndALateWordOfAnEarlierMoveLoses(NameServers.Program program)
      throws IOException {
    try (NameServers server = NameServers.start(program, folder)) {
      NameUpdates updates = new NameUpdates(settings(server));

      String said = updates.write(card("192.0.2.10", "2001:db8::10"), 0, ALPHA, TTL);

      assertThat(said).contains("web.example.org").contains("1 of them lead back");
      assertThat(server.ask("web.example.org", "A")).isEqualTo("192.0.2.10");
      assertThat(server.ask("web.example.org", "AAAA")).isEqualTo("2001:db8::10");
      assertThat(server.ask("10.2.0.192.in-addr.arpa", "PTR")).isEqualTo("web.example.org.");
      assertThat(server.ttl("web.example.org", "A")).isEqualTo("300");

      String _ = updates.write(card("192.0.2.10"), 0, ALPHA, Duration.ofSeconds(5));
      assertThat(server.ttl("web.example.org", "A")).isEqualTo("5");
      assertThat(server.ask("web.example.org", "AAAA")).isEmpty();

      String _ = updates.write(card("192.0.2.77"), 2, BETA, TTL);
      assertThat(server.ask("web.example.org", "A")).isEqualTo("192.0.2.77");
      assertThat(server.ask("_drover.web.example.org", "TXT")).isEqualTo("\"move=2 host=beta\"");

      assertThat(updates.write(card("192.0.2.66"), 1, ALPHA, TTL)).contains("later move (2)");
      assertThat(server.ask("web.example.org", "A")).isEqualTo("192.0.2.77");
    }
  }

  @ParameterizedTest
  @EnumSource(NameServers.Program.class)
  void ofManyWhoWriteAtOnceTheLastMoveWins(NameServers.Program program)
      throws IOException, InterruptedException {
    try (NameServers server = NameServers.start(program, folder)) {
      NameUpdates updates = new NameUpdates(settings(server));
      List<Thread> writers =
          java.util.stream.IntStream.range(0, 8)
              .mapToObj(
                  move ->
                      Thread.ofVirtual()
                          .start(
                              () -> {
                                for (int i = 0; i < 100; i++) {
                                  try {
                                    String _ =
                                        updates.write(
                                            card("192.0.2." + (100 + move)), move, ALPHA, TTL);
                                    return;
                                  } catch (ProblemException e) {
                                    // Others write all the time: tried again, as the agent does.
                                  }
                                }
                              }))
              .toList();
      for (Thread writer : writers) {
        writer.join();
      }
      assertThat(server.ask("web.example.org", "A")).isEqualTo("192.0.2.107");
    }
  }

  @Test
  void aWrongKeyIsRefusedAndSaid() throws IOException {
    try (NameServers server = NameServers.start(NameServers.Program.NAMED, folder)) {
      Path wrong = folder.resolve("wrong");
      Files.writeString(
          wrong,
          "key \"drover.\" { algorithm hmac-sha256; secret \"d3Jvbmctd3Jvbmctd3Jvbmc=\"; };");
      NameSettings settings =
          new NameSettings(
              "127.0.0.1", server.port, wrong, List.of("example.org"), TTL, Duration.ofSeconds(5));
      assertThatThrownBy(() -> new NameUpdates(settings).write(card("192.0.2.10"), 0, ALPHA, TTL))
          .isInstanceOf(ProblemException.class);
      assertThat(server.ask("web.example.org", "A")).isEmpty();
    }
  }

  @Test
  void aServerThatIsDownIsTriedAgainUntilItIsBack() throws Exception {
    NameSettings settings;
    try (NameServers server = NameServers.start(NameServers.Program.NAMED, folder)) {
      settings = settings(server);
    }
    GuestWhereabouts now =
        GuestWhereabouts.first(new GuestName("web"), ALPHA, List.of(new IpAddress("192.0.2.10")));
    ConcurrentLinkedQueue<String> steps = new ConcurrentLinkedQueue<>();
    Notifier notifier =
        new Notifier(
            ALPHA,
            new NetworkSettings(
                Map.of(),
                NetworkSettings.Redirect.OFF,
                NetworkSettings.DEFAULT_VXLAN_PORT,
                Optional.empty(),
                Optional.of(settings),
                Optional.empty(),
                Hooks.NONE),
            new SystemCommands(),
            guest -> Optional.of(now),
            NameService.open(
                ALPHA,
                Optional.empty(),
                List.of(),
                peer -> {
                  throw new AssertionError(peer);
                },
                (peer, guest, sequence) -> true,
                System::nanoTime));
    notifier.settled(
        now,
        List.of(new GuestPort("tap0", card("192.0.2.10"))),
        new StepLog(now.guest(), ALPHA, step -> steps.add(step.name() + " " + step.state())));
    while (steps.isEmpty()) {
      Thread.sleep(10);
    }
    assertThat(steps.peek()).isEqualTo("name web.example.org FAILED");

    try (NameServers server =
        NameServers.again(NameServers.Program.NAMED, folder, settings.port())) {
      while (!steps.contains("name web.example.org DONE")) {
        Thread.sleep(10);
      }
      assertThat(server.ask("web.example.org", "A")).isEqualTo("192.0.2.10");
    }
  }

  @Test
  void readsAKeyAsItIsGeneratedAndNothingElse() {
    assertThat(NameKey.parse("key \"a.b\" {\n\talgorithm hmac-sha512;\n\tsecret \"QUJD\";\n};\n"))
        .isPresent();
    for (String text :
        List.of(
            "",
            "key \"a\" { algorithm hmac-md5; secret \"QUJD\"; };",
            "key \"a\" { secret \"QUJD\"; };",
            "key \"a\" { algorithm hmac-sha256; secret \"!\"; };")) {
      assertThat(NameKey.parse(text)).as(text).isEmpty();
    }
  }
}
