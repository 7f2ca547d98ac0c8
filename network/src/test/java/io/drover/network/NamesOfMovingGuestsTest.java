package io.drover.network;

import static io.drover.network.NameFixtures.ALPHA;
import static io.drover.network.NameFixtures.BETA;
import static io.drover.network.NameFixtures.WEB;
import static io.drover.network.NameFixtures.data;
import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.ContinuityStep;
import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;

/** What a migration does on both hosts, and what they answer meanwhile. */
class NamesOfMovingGuestsTest {
  private static final List<GuestPort> PORTS = NameFixtures.ports("web", "192.0.2.10");

  private final AtomicLong ahead = new AtomicLong();
  private final Map<HostName, Host> hosts = new LinkedHashMap<>();

  /** A host with a kernel in memory, whose bridges are switches. */
  private final class Host implements Redirects.Store, Redirects.Dialer {
    private final Map<GuestName, GuestWhereabouts> journal = new ConcurrentHashMap<>();
    private final Redirects redirects;
    private final NameService names;
    private final Continuity continuity;
    private final int port = NameFixtures.freePort();

    Host(HostName name) throws IOException {
      redirects = new Redirects(name, NetworkSettings.DEFAULT, new FakeNetwork(), this, this);
      names =
          NameService.open(
              name,
              Optional.of(NameFixtures.settings(port)),
              List.of(name.equals(ALPHA) ? BETA : ALPHA),
              peer -> NameFixtures.connect(far -> host(peer).names.accept(name, far)),
              redirects::mayBeAt,
              () -> System.nanoTime() + ahead.get());
      continuity =
          new Continuity(name, new FakeNetwork(), redirects, names, NetworkSettings.DEFAULT);
    }

    String answer() {
      try {
        Message question =
            Message.newQuery(
                Record.newRecord(
                    Name.fromConstantString("_drover.web.guests.example."), Type.TXT, DClass.IN));
        return String.join(" ", data(NameFixtures.resolver(port).send(question)));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public boolean knows(HostName peer) {
      return true;
    }

    @Override
    public PeerChannel dial(HostName peer) {
      throw new AssertionError("nothing is routed");
    }

    @Override
    public boolean trusts(HostName peer) {
      return false;
    }

    @Override
    public IpAddress address(HostName peer) {
      throw new AssertionError("no path is trusted");
    }

    @Override
    public void keep(GuestWhereabouts whereabouts) {
      journal.put(whereabouts.guest(), whereabouts);
    }

    @Override
    public void forgetWhereabouts(GuestName guest) {
      journal.remove(guest);
    }

    @Override
    public List<GuestWhereabouts> allWhereabouts() {
      return List.copyOf(journal.values());
    }
  }

  private Host host(HostName name) {
    return Objects.requireNonNull(hosts.get(name));
  }

  private static void until(String what, BooleanSupplier condition) {
    NameFixtures.until(what, Duration.ofSeconds(10), condition);
  }

  @BeforeEach
  void begin() throws IOException {
    hosts.put(ALPHA, new Host(ALPHA));
    hosts.put(BETA, new Host(BETA));
    hosts.values().forEach(host -> host.names.start());
    host(ALPHA).continuity.found(WEB, PORTS);
    for (Host host : hosts.values()) {
      until("it is known", () -> host.answer().equals("\"move=0 host=alpha\""));
    }
  }

  @AfterEach
  void close() {
    hosts.values().forEach(host -> host.names.close());
  }

  @Test
  void aGuestThatMovesIsAnsweredForAllTheTimeAndWhereItRuns() {
    List<ContinuityStep> steps = new CopyOnWriteArrayList<>();
    LeavingGuest leaving = host(ALPHA).continuity.leaving(WEB, BETA, PORTS, steps::add);
    byte[] offer = leaving.offer();
    leaving.begins();
    ArrivingGuest arriving =
        host(BETA).continuity.arriving(WEB, PORTS, Optional.of(offer), steps::add);
    assertThat(arriving.plan())
        .anyMatch(
            step ->
                step.name().equals("name-service")
                    && step.finding().equals("web is answered by 2 hosts"));
    arriving.prepare();
    leaving.paused();
    leaving.handOver().forEach(arriving::heard);
    leaving.gaveUp();
    arriving.beforeRun();
    for (Host host : hosts.values()) {
      assertThat(host.answer()).isEqualTo("\"move=0 host=alpha\"");
    }

    arriving.runs();
    for (Host host : hosts.values()) {
      until("it is at beta", () -> host.answer().equals("\"move=1 host=beta\""));
    }
    assertThat(steps)
        .anyMatch(
            step ->
                step.name().equals("name-service") && step.state() == ContinuityStep.State.DONE);

    // The source's copy ends, and the guest is the target's for good.
    leaving.left();
    host(ALPHA).continuity.ended(WEB);
    host(BETA).continuity.found(WEB, PORTS);
    ahead.addAndGet(HostNames.LINGER.plusSeconds(1).toNanos());
    for (Host host : hosts.values()) {
      assertThat(host.answer()).isEqualTo("\"move=1 host=beta\"");
      assertThat(host.continuity.show(WEB, Optional.empty()))
          .hasValueSatisfying(
              found -> {
                assertThat(found.at()).isEqualTo(BETA);
                assertThat(found.names()).containsExactly("web.guests.example");
              });
    }

    host(BETA).continuity.ended(WEB);
    for (Host host : hosts.values()) {
      until("it is gone", () -> host.answer().isEmpty());
      assertThat(host.continuity.show(WEB, Optional.empty())).isEmpty();
    }
  }

  @Test
  void aGuestThatDoesNotMoveAfterAllStaysWhereItIs() {
    LeavingGuest leaving = host(ALPHA).continuity.leaving(WEB, BETA, PORTS, _ -> {});
    byte[] offer = leaving.offer();
    leaving.begins();
    ArrivingGuest arriving =
        host(BETA).continuity.arriving(WEB, PORTS, Optional.of(offer), _ -> {});
    arriving.prepare();
    arriving.undo();
    leaving.stays();

    List<String> answers = new ArrayList<>();
    hosts.values().forEach(host -> answers.add(host.answer()));
    assertThat(answers).containsOnly("\"move=0 host=alpha\"");
  }

  @Test
  void anAgentThatIsRestartedTellsItsGuestsAgain() throws IOException {
    host(ALPHA).names.close();
    Host again = new Host(ALPHA);
    hosts.put(ALPHA, again);
    again.continuity.found(WEB, PORTS);
    again.names.start();

    for (Host host : hosts.values()) {
      until("it is known", () -> host.answer().equals("\"move=0 host=alpha\""));
    }
    host(ALPHA).continuity.ended(WEB);
    until("it is gone", () -> host(BETA).answer().isEmpty());
  }
}
