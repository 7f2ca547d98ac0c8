package io.drover.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
import io.drover.model.NetworkCard;
import io.drover.model.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which way packets go, and who has to agree to that; kernels are fakes, agents are real. */
class RedirectsTest {
  private static final GuestName WEB = new GuestName("web");
  private static final IpAddress ADDRESS = new IpAddress("192.0.2.10");
  private static final List<GuestPort> PORTS =
      List.of(
          new GuestPort(
              "gtap",
              new NetworkCard("52:54:00:00:00:0a", "guests", List.of(ADDRESS), Optional.empty())));
  private static final RoutedBridge GUESTS =
      new RoutedBridge("guests", "02:00:5e:00:53:01", List.of(new IpAddress("192.0.2.1")));
  private static final HostName ALPHA = new HostName("alpha");
  private static final HostName BETA = new HostName("beta");

  private final Map<HostName, Host> hosts = new LinkedHashMap<>();

  private final class Host implements Redirects.Dialer, Redirects.Store {
    private final HostName name;
    private final IpAddress address;
    private final FakeNetwork network = new FakeNetwork();
    private final Map<GuestName, GuestWhereabouts> journal = new ConcurrentHashMap<>();
    private final Set<HostName> trusted = ConcurrentHashMap.newKeySet();
    private final ServerSocketChannel listener;
    private int port = NetworkSettings.DEFAULT_VXLAN_PORT;
    private Redirects redirects;

    Host(HostName name, String address) {
      this.name = name;
      this.address = new IpAddress(address);
      try {
        listener =
            ServerSocketChannel.open()
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      redirects = made();
      Thread.ofVirtual().start(this::accept);
    }

    private Redirects made() {
      return new Redirects(
          name,
          new NetworkSettings(
              Map.of("guests", GUESTS),
              NetworkSettings.Redirect.TUNNEL,
              port,
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              Hooks.NONE),
          network,
          this,
          this);
    }

    void begin() {
      redirects = made();
      redirects.start();
    }

    private void accept() {
      try {
        while (true) {
          SocketChannel socket = listener.accept();
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      byte[] who = new byte[40];
                      int length = socket.read(ByteBuffer.wrap(who));
                      redirects.accept(
                          new HostName(new String(who, 0, length, StandardCharsets.UTF_8).strip()),
                          new SocketPeer(socket));
                    } catch (IOException e) {
                      throw new UncheckedIOException(e);
                    }
                  });
        }
      } catch (IOException e) {
        // The test is over.
      }
    }

    @Override
    public boolean knows(HostName peer) {
      return true;
    }

    @Override
    public PeerChannel dial(HostName peer) {
      try {
        SocketChannel socket = SocketChannel.open(host(peer).listener.getLocalAddress());
        socket.write(ByteBuffer.wrap("%-40s".formatted(name).getBytes(StandardCharsets.UTF_8)));
        return new SocketPeer(socket);
      } catch (IOException e) {
        throw Problem.peer("unreachable", e.toString(), "").asException();
      }
    }

    @Override
    public boolean trusts(HostName peer) {
      return trusted.contains(peer);
    }

    @Override
    public IpAddress address(HostName peer) {
      return host(peer).address;
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

    Reachability.Way way() {
      List<Reachability.Way> ways = redirects.ways(redirects.find(WEB).orElseThrow());
      assertThat(ways).hasSize(1);
      return ways.getFirst();
    }

    boolean isPlain() {
      return way().carrier() == Reachability.Carrier.VXLAN;
    }

    String note() {
      return way().note().orElse("");
    }
  }

  private Host host(HostName name) {
    return Objects.requireNonNull(hosts.get(name));
  }

  private Host alpha() {
    return host(ALPHA);
  }

  private Host beta() {
    return host(BETA);
  }

  @BeforeEach
  void build() {
    hosts.put(ALPHA, new Host(ALPHA, "203.0.113.2"));
    hosts.put(BETA, new Host(BETA, "203.0.113.6"));
    alpha().network.other = Optional.of(beta().network);
    beta().network.other = Optional.of(alpha().network);
  }

  @AfterEach
  void remove() throws IOException {
    for (Host host : hosts.values()) {
      host.redirects.close();
      host.listener.close();
    }
  }

  private void trustEachOther() {
    alpha().trusted.add(BETA);
    beta().trusted.add(ALPHA);
  }

  /** Both agents begin, and the guest moves from one to the other; tells what its source found. */
  private String move() {
    hosts.values().forEach(Host::begin);
    alpha().redirects.found(WEB, PORTS);
    GuestWhereabouts next = alpha().redirects.next(WEB, BETA).orElseThrow();
    alpha().redirects.moving(WEB, BETA);
    beta().redirects.prepare(next);
    until("connected", () -> beta().redirects.connected(ALPHA));
    String _ = beta().redirects.arrive(next, PORTS);
    return alpha().redirects.leave(WEB, BETA);
  }

  private void assertEncrypted() {
    assertThat(alpha().network.route(ADDRESS)).contains(RouteTables.device(BETA));
    assertThat(beta().network.wayBack(ADDRESS)).contains(RouteTables.device(ALPHA));
    assertThat(alpha().isPlain()).isFalse();
    assertThat(beta().isPlain()).isFalse();
  }

  private static void until(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(40).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private void untilPlain() {
    until("plain", () -> alpha().isPlain() && beta().isPlain());
  }

  @Test
  void packetsAreEncryptedUnlessSomebodySaysOtherwise() {
    String finding = move();
    assertEncrypted();
    assertThat(alpha().note() + beta().note()).isEmpty();
    assertThat(finding).isEqualTo("what still arrives here goes to beta, encrypted");
    assertThat(alpha().network.plain).isEmpty();
  }

  @Test
  void packetsGoPlainlyWhereBothOperatorsTrustThePathAndItCarriesThem() {
    trustEachOther();
    String _ = move();
    untilPlain();
    assertThat(alpha().network.route(ADDRESS)).contains(RouteTables.plainDevice(BETA));
    assertThat(beta().network.wayBack(ADDRESS)).contains(RouteTables.plainDevice(ALPHA));
    assertThat(alpha().note() + beta().note()).isEmpty();
    // Only for what the two hosts have to do with each other.
    assertThat(alpha().network.did)
        .contains("let in %s [192.0.2.10] []".formatted(RouteTables.plainDevice(BETA)));
    assertThat(beta().network.did)
        .contains("let in %s [] [192.0.2.10]".formatted(RouteTables.plainDevice(ALPHA)));

    GuestWhereabouts back = beta().redirects.next(WEB, ALPHA).orElseThrow();
    beta().redirects.moving(WEB, ALPHA);
    alpha().redirects.prepare(back);
    String _ = alpha().redirects.arrive(back, PORTS);
    String _ = beta().redirects.leave(WEB, ALPHA);
    alpha().redirects.ended(WEB);
    until(
        "nothing is left",
        () -> alpha().network.plainDevices().isEmpty() && beta().network.plainDevices().isEmpty());
  }

  @Test
  void whereOneOperatorSaysNothingPacketsAreEncryptedAndBothAreTold() {
    alpha().trusted.add(BETA);
    String _ = move();
    until("answered", () -> alpha().note().startsWith("beta says"));
    assertEncrypted();
    assertThat(alpha().note())
        .isEqualTo("beta says: its agent.yaml does not call the path trusted");
    assertThat(beta().note()).contains("alpha would send packets plainly");
    assertThat(alpha().network.plain).isEmpty();
    assertThat(beta().network.plain).isEmpty();
  }

  @Test
  void whereTheDeviceCannotBeMadePacketsAreEncryptedAndBothAreTold() {
    trustEachOther();
    beta().network.plainRefusal =
        Optional.of(Problem.host("network-setup", "no such address", "none"));
    String _ = move();
    until("answered", () -> alpha().note().equals("beta says: no such address"));
    until("removed", () -> alpha().network.plainDevices().isEmpty());
    assertEncrypted();
    assertThat(beta().note()).isEqualTo("no such address");
  }

  @Test
  void hostsThatDisagreeAboutThePortAreTold() {
    trustEachOther();
    beta().port = 4789;
    String _ = move();
    until("answered", () -> alpha().note().contains("4789") && beta().note().contains("4789"));
    assertEncrypted();
  }

  @Test
  void whatThePathSwallowsIsNotSentPlainly() {
    trustEachOther();
    // As a firewall does that lets packets through in one direction only.
    beta().network.other = Optional.empty();
    String finding = move();
    assertThat(finding).contains("goes to beta, encrypted (not plainly: ");
    until(
        "probed",
        () ->
            alpha().note().endsWith("do not arrive here")
                && beta().note().endsWith("do not arrive there"));
    assertEncrypted();

    beta().network.other = Optional.of(alpha().network);
    untilPlain();
    assertThat(alpha().network.route(ADDRESS)).contains(RouteTables.plainDevice(BETA));
  }

  @Test
  void anAgentThatStartsAgainGoesOnPlainlyAtOnce() {
    trustEachOther();
    String _ = move();
    untilPlain();
    alpha().redirects.close();
    assertThat(alpha().network.plainDevices()).containsExactly(RouteTables.plainDevice(BETA));

    alpha().begin();
    assertThat(alpha().isPlain()).isTrue();
    assertThat(alpha().network.route(ADDRESS)).contains(RouteTables.plainDevice(BETA));
    until("connected again", () -> alpha().redirects.connected(BETA));
    assertThat(alpha().isPlain()).isTrue();
    assertThat(beta().isPlain()).isTrue();
    assertThat(beta().network.wayBack(ADDRESS)).contains(RouteTables.plainDevice(ALPHA));
  }

  @Test
  void anOperatorWhoTrustsThePathNoMoreIsHeeded() {
    trustEachOther();
    String _ = move();
    untilPlain();
    alpha().redirects.close();
    alpha().trusted.clear();

    alpha().begin();
    assertThat(alpha().network.plainDevices()).isEmpty();
    assertThat(alpha().network.route(ADDRESS)).contains(RouteTables.device(BETA));
    until("beta was told", () -> !beta().isPlain());
    until("beta's is gone", () -> beta().network.plainDevices().isEmpty());
    assertEncrypted();
    assertThat(beta().note()).startsWith("alpha says");
  }

  @Test
  void whatAnEarlierRunLeftForNoGuestIsRemoved() {
    trustEachOther();
    Vxlan left = Vxlan.between(ALPHA, BETA, alpha().address, beta().address, 7717);
    alpha().network.plain(left);
    alpha().begin();
    assertThat(alpha().network.plainDevices()).isEmpty();
  }
}
