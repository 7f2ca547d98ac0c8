package io.drover.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.ApiClient;
import io.drover.api.GuestSpec;
import io.drover.api.GuestView;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.api.NetworkView;
import io.drover.api.StopManner;
import io.drover.model.ByteSize;
import io.drover.model.IpAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** Moves in and between sites, with clients far away. */
@Tag("real")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class WanMovesIT {
  private static final LabStore STORE = LabStore.ofMachine();
  private static final LabName NAME = new LabName("it-far");
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** For what was retransmitted later and later. */
  private static final long SETTLE_MILLIS = 4000;

  private static Optional<Lab> up = Optional.empty();
  private static int guests;

  @BeforeAll
  static void begin() {
    Capabilities.require(
        "unshare", "nsenter", "ip", "tc", "bridge", "named", "dig", "qemu-system-x86_64", "gcc");
    up = Optional.of(Lab.up(STORE, LabPlan.of(NAME, TopologyFile.wan()), _ -> {}));
  }

  @AfterAll
  static void nothingStays() {
    Optional<LabRecord> record = up.map(Lab::record);
    up.ifPresent(Lab::close);
    try {
      record.ifPresent(gone -> assertThat(Leftovers.find(STORE, gone)).isEmpty());
    } finally {
      record.ifPresent(gone -> Leftovers.remove(STORE, gone));
      STORE.removeRootIfEmpty();
    }
  }

  private static Lab lab() {
    return up.orElseThrow();
  }

  private static GuestImage image() {
    return new GuestImageBuilder(GuestImageBuilder.defaultCache(System.getenv()), _ -> {}).image();
  }

  private static ApiClient agent(String host) {
    return ApiClient.local(LabAgents.socket(lab(), host));
  }

  /** A guest with its clients, of both versions of IP, and where it is. */
  private static final class Served implements AutoCloseable {
    private final LabGuest guest;
    private final List<Clients> clients = new ArrayList<>();
    private String host = "alpha";

    Served(String bridge) {
      this(bridge, Optional.empty());
    }

    Served(String bridge, Optional<String> name) {
      GuestNetwork network = lab().record().topology().guestsOf(bridge);
      guest =
          new LabGuest(
              lab(),
              image(),
              "far" + guests,
              guests,
              new Workload.Serving(),
              ByteSize.ofMebibytes(192),
              network,
              Optional.empty());
      guests++;
      GuestView _ = agent(host).startGuest(named(guest.spec(), name));
      guest.awaitLoaded(host);
    }

    private static GuestSpec named(GuestSpec spec, Optional<String> name) {
      GuestSpec.CardSpec card = spec.networkCards().orElseThrow().getFirst();
      return spec.withNetworkCards(
          List.of(new GuestSpec.CardSpec(card.mac(), card.bridge(), card.addresses(), name)));
    }

    Served withClients() {
      for (String address : guest.bareAddresses()) {
        clients.add(Clients.of(lab(), image(), address, Clients.LAWFUL, PATIENCE));
      }
      return this;
    }

    MigrationView begin(String to) {
      return agent(host).migrate(MigrationRequest.of(guest.name(), to).withMode("hybrid"));
    }

    MigrationView move(String to) {
      return end(begin(to), to);
    }

    MigrationView end(MigrationView begun, String to) {
      MigrationView view = begun;
      long deadline = System.nanoTime() + Duration.ofMinutes(2).toNanos();
      while (view.outcome().isEmpty() && System.nanoTime() < deadline) {
        Fleet.pause(50);
        view = agent(host).migration(view.id());
      }
      assertThat(view.outcome()).as("%s", view).contains("completed");
      host = to;
      return view;
    }

    /** No client of any kind loses what it was doing. */
    void moveKeepingClients(String to) {
      Fleet.pause(1000);
      clients.forEach(Clients::mark);
      MigrationView view = move(to);
      // What was retransmitted later and later is a matter of time; what is lost stays so.
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (isAnyCutOff() && System.nanoTime() < deadline) {
        Fleet.pause(500);
      }
      for (Clients each : clients) {
        assertThat(each.reports().values())
            .as("to %s: %s%n%s", to, view, isAnyCutOff() ? situation("alpha", to) : "")
            .noneMatch(ClientReport::isCutOff);
      }
    }

    private boolean isAnyCutOff() {
      return clients.stream()
          .anyMatch(each -> each.reports().values().stream().anyMatch(ClientReport::isCutOff));
    }

    /** For people who have to find out what is broken. */
    private String situation(String... hosts) {
      StringBuilder said = new StringBuilder();
      String look =
          """
          ip route show table all | grep -F '%1$s'; ip rule; ip neigh show to '%1$s'
          ping -c 2 -W 1 '%1$s'; cat /proc/loadavg; tail -n 15 /run/serial/%2$s.log; true
          """
              .formatted(guest.address(), guest.name());
      for (String name : hosts) {
        said.append("---- ").append(name).append('\n');
        said.append(lab().node(name).run("sh", "-c", look));
        try (Stream<String> lines = Files.lines(new LabAgents(lab()).log(name))) {
          lines
              .filter(line -> line.contains(guest.name()))
              .forEach(line -> said.append(line).append('\n'));
        } catch (IOException e) {
          said.append(e);
        }
      }
      return said.toString();
    }

    SilentTraffic silentTraffic() {
      return guest.serial(host).silentTraffic().orElseThrow();
    }

    @Override
    public void close() {
      clients.forEach(Clients::close);
      assertThat(guest.faults()).isEmpty();
      GuestView _ = agent(host).stopGuest(guest.name(), StopManner.FORCED);
    }
  }

  @Test
  void aMoveWithinASiteKeepsFarClientsOfBothVersions() {
    try (Served served = new Served("br0").withClients()) {
      served.moveKeepingClients("beta");
    }
  }

  @Test
  void movesAcrossSubnetsKeepFarClientsOfBothVersionsAndShortenTheWay() {
    try (Served served = new Served("vm0").withClients()) {
      served.moveKeepingClients("gamma");
      NetworkView there = agent("gamma").network(served.guest.name());
      assertThat(there.at()).isEqualTo("gamma");
      assertThat(there.routed().stream().map(IpAddress::new))
          .containsExactlyInAnyOrderElementsOf(
              served.guest.bareAddresses().stream().map(IpAddress::new).toList());
      assertThat(there.ways())
          .containsExactly(
              new NetworkView.WayView("alpha", "from", true, true, "tunnel", Optional.empty()));
      assertThat(there.wayOut()).contains("alpha");
      NetworkView before = agent("alpha").network(served.guest.name());
      assertThat(before.at()).isEqualTo("gamma");
      assertThat(before.ways())
          .containsExactly(
              new NetworkView.WayView("gamma", "to", true, true, "tunnel", Optional.empty()));

      served.moveKeepingClients("beta");
      NetworkView second = agent("beta").network(served.guest.name());
      assertThat(second.moves()).isEqualTo(2);
      assertThat(second.wayOut()).contains("alpha");
      served.moveKeepingClients("alpha");
      NetworkView home = agent("alpha").network(served.guest.name());
      assertThat(home.wayOut()).isEmpty();
    }
  }

  @Test
  void aStrictFirewallKeepsEstablishedConnectionsAcrossSubnetsAndNeverLetsOthersIn() {
    try (Served served = new Served("vm0")) {
      StrictFilter.harden(lab());
      StrictFilter.load(lab(), "alpha", served.guest);
      try (ClientProbe forbidden =
          ClientProbe.of(lab(), image(), ClientKind.FORBIDDEN, served.guest.address())) {
        served.withClients();
        for (String to : List.of("gamma", "alpha")) {
          served.moveKeepingClients(to);
          assertThat(served.silentTraffic().forbidden()).isZero();
          assertThat(agent(to).network(served.guest.name()).filterTables())
              .containsExactly("inet drover_" + served.guest.name());
        }
        assertThat(forbidden.report().answers()).isZero();
        assertThat(forbidden.report().sent()).isGreaterThan(1000);
      }
      lab()
          .node(served.host)
          .run("nft", "delete", "table", "inet", "drover_" + served.guest.name());
    }
  }

  @Test
  void aGuestThatNeverSpeaksFirstIsReachedAtOnceAcrossSubnets() {
    try (Served served = new Served("vm0");
        ClientProbe _ = ClientProbe.of(lab(), image(), ClientKind.SINK, served.guest.address())) {
      Fleet.pause(2500);
      MigrationView view = served.move("gamma");
      Fleet.pause(3000);
      double gap =
          (double) served.silentTraffic().longestRun() * ClientKind.SINK.interval().toMillis();
      // What a busy test machine may add; the benchmark measures exactly.
      assertThat(gap).isLessThan(view.downtimeMillis().orElseThrow() + 1000);
    }
  }

  @Test
  void theNameOfAGuestLeadsToItAndSaysWhereItIs() {
    String name = "mover.lab.example";
    try (Served served = new Served("vm0", Optional.of(name))) {
      awaitAnswer("TXT", "_drover." + name, "alpha");
      assertThat(answer("A", name)).isEqualTo(served.guest.address());
      MigrationView _ = served.move("gamma");
      awaitAnswer("TXT", "_drover." + name, "gamma");
      assertThat(answer("A", name)).isEqualTo(served.guest.address());
      Fleet.pause(500); // for the way back from the addresses, and the answer
      assertThat(agent("gamma").migrations().getFirst().continuity())
          .anyMatch(step -> step.name().equals("name " + name) && step.state().equals("done"));
    }
  }

  @Test
  void everyHostAnswersForAGuestsNameAndWithinASecondForItsNewPlace() {
    List<String> hosts = List.of("alpha", "beta", "gamma");
    String name = "roamer.guests.example";
    // A name of one word is in the zone that the agents answer for.
    Served served = new Served("vm0", Optional.of("roamer"));
    try {
      for (String host : hosts) {
        awaitTrue(() -> answerOf(host, "TXT", "_drover." + name).contains("host=alpha"));
        assertThat(answerOf(host, "A", name)).isEqualTo(served.guest.address());
        assertThat(answerOf(host, "AAAA", name)).isEqualTo(served.guest.bareAddresses().getLast());
        assertThat(answerOf(host, "PTR", reverse(served.guest.address()))).isEqualTo(name + ".");
      }

      MigrationView begun = served.begin("gamma");
      awaitTrue(() -> runs("gamma", served.guest.name()));
      long deadline = System.nanoTime() + Duration.ofSeconds(1).toNanos();
      for (String host : hosts) {
        String found = answerOf(host, "TXT", "_drover." + name);
        while (!found.contains("host=gamma")) {
          assertThat(System.nanoTime()).as("%s answers '%s'", host, found).isLessThan(deadline);
          found = answerOf(host, "TXT", "_drover." + name);
        }
        assertThat(found).isEqualTo("\"move=1 host=gamma\"");
      }
      MigrationView _ = served.end(begun, "gamma");
      assertThat(agent("gamma").migrations().getFirst().continuity())
          .anyMatch(step -> step.name().equals("name-service") && step.state().equals("done"));
      for (String host : hosts) {
        assertThat(answerOf(host, "A", name)).isEqualTo(served.guest.address());
        NetworkView view = agent(host).network(served.guest.name());
        assertThat(view.at()).isEqualTo("gamma");
        assertThat(view.names()).containsExactly(name);
      }

      // An agent knows nothing at its start, and is told; it denies nothing before that.
      lab().stopPrograms("beta");
      lab().startPrograms("beta");
      awaitTrue(() -> answerOf("beta", "TXT", "_drover." + name).contains("host=gamma"));
    } finally {
      served.close();
    }
    for (String host : hosts) {
      awaitTrue(() -> dig(host, "+noall", "+comments", name).contains("status: NXDOMAIN"));
      assertThat(dig(host, "+noall", "+comments", "example.org")).contains("status: REFUSED");
    }
  }

  private static boolean runs(String host, String guest) {
    return agent(host).guests().stream()
        .anyMatch(each -> each.name().equals(guest) && each.state().equals("running"));
  }

  private static String reverse(String address) {
    List<String> parts = List.of(address.split("\\.", -1));
    return String.join(".", parts.reversed()) + ".in-addr.arpa";
  }

  private static String answerOf(String host, String type, String name) {
    return dig(host, "+short", type, name);
  }

  /** Asks a host's own name service from far away. */
  private static String dig(String host, String... question) {
    List<String> command =
        new ArrayList<>(
            List.of("dig", "+time=1", "+tries=5", "@" + lab().node(host).record().address()));
    command.addAll(List.of(question));
    return lab().client().run(command.toArray(String[]::new)).strip();
  }

  private static void awaitTrue(BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Fleet.pause(100);
    }
  }

  private static String answer(String type, String name) {
    return lab().client().run("dig", "+short", "@203.0.113.130", type, name).strip();
  }

  private static void awaitAnswer(String type, String name, String wanted) {
    long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    String found = answer(type, name);
    while (!found.contains(wanted)) {
      assertThat(System.nanoTime()).as("%s of %s is '%s'", type, name, found).isLessThan(deadline);
      Fleet.pause(50);
      found = answer(type, name);
    }
  }

  /** The last of all: the first host does not come back. */
  @Test
  @Order(Integer.MAX_VALUE)
  void aFirstHostThatIsSwitchedOffCutsItsClientsOffUntilTheNetworkKnowsBetter() {
    try (Served served = new Served("vm0")) {
      lab().stopPrograms("dns");
      served.withClients();
      served.moveKeepingClients("gamma");
      lab().off("alpha");
      served.clients.forEach(Clients::mark);
      Fleet.pause(SETTLE_MILLIS);
      // The world's route still leads to alpha, and nobody told it better.
      assertThat(served.clients.getFirst().reports().values()).anyMatch(ClientReport::isCutOff);
      assertThat(agent("gamma").guest(served.guest.name()).state()).isEqualTo("running");
      assertThat(agent("gamma").network(served.guest.name()).ways())
          .containsExactly(
              new NetworkView.WayView("alpha", "from", false, true, "tunnel", Optional.empty()));
      String address = served.guest.address();
      lab().node("router-a").run("ip", "route", "add", address, "via", "203.0.113.2");
      lab().node("router-c").run("ip", "route", "add", address, "via", "203.0.113.2");
      lab().node("router-b").run("ip", "route", "add", address, "via", "198.51.100.11");
      // What leaves the guest does not go by the host that is gone any more.
      awaitTrue(() -> agent("gamma").network(served.guest.name()).wayOut().isEmpty());
      try (Clients back = Clients.of(lab(), image(), address, Clients.LAWFUL, PATIENCE)) {
        Fleet.pause(2000);
        assertThat(back.reports().values()).noneMatch(ClientReport::isCutOff);
      }
    }
  }
}
