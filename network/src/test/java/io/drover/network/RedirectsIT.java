package io.drover.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.linux.NetworkNamespace;
import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
import io.drover.model.NetworkCard;
import io.drover.model.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Three hosts in subnets of their own behind a router that checks strictly where packets come from,
 * a client in a fourth, and a guest whose port is unplugged from one host and plugged into another.
 */
@Tag("real")
class RedirectsIT {
  private static final GuestName WEB = new GuestName("web");
  private static final IpAddress ADDRESS = new IpAddress("192.0.2.10");
  private static final List<GuestPort> PORTS =
      List.of(
          new GuestPort(
              "gtap",
              new NetworkCard("52:54:00:00:00:0a", "guests", List.of(ADDRESS), Optional.empty())));
  private static final RoutedBridge GUESTS =
      new RoutedBridge("guests", "02:00:5e:00:53:01", List.of(new IpAddress("192.0.2.1")));

  private final Namespaces namespaces = new Namespaces();
  private final Map<String, Host> hosts = new LinkedHashMap<>();
  private String router = "";
  private String client = "";
  private String guest = "";

  @BeforeAll
  static void needed() {
    Namespaces.needed();
  }

  /** A host: its namespace, its journal, and an end for other hosts' connections. */
  private final class Host implements Redirects.Dialer, Redirects.Store {
    private final HostName name;
    private final String namespace;
    private final String address;
    private final Map<GuestName, GuestWhereabouts> journal = new ConcurrentHashMap<>();
    private final List<String> strangers = new ArrayList<>();
    private final Set<String> trusted = ConcurrentHashMap.newKeySet();
    private final ServerSocketChannel listener;
    // By which others send packets plainly.
    private String outer;
    private Redirects redirects;

    Host(String name, int index) {
      this.name = new HostName(name);
      namespace = namespaces.make(name);
      address = "203.0.113." + (4 * index + 2);
      outer = address;
      String gateway = "203.0.113." + (4 * index + 1);
      Namespaces.in(
          router,
          """
          ip link add %1$s type veth peer name up0 netns %2$s
          ip addr add %3$s/30 dev %1$s; ip link set %1$s up
          echo 1 > /proc/sys/net/ipv4/conf/%1$s/rp_filter
          """
              .formatted(name, namespace, gateway));
      Namespaces.in(
          namespace,
          """
          ip addr add %s/30 dev up0; ip link set up0 up; ip route add default via %s
          echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter
          echo 1 > /proc/sys/net/ipv4/conf/default/rp_filter
          """
              .formatted(address, gateway));
      listener =
          new NetworkNamespace(namespace)
              .call(
                  () -> {
                    try {
                      return ServerSocketChannel.open()
                          .bind(new InetSocketAddress(InetAddress.ofLiteral(address), 7717));
                    } catch (IOException e) {
                      throw new UncheckedIOException(e);
                    }
                  });
      redirects = begin(Optional.empty());
      Thread.ofVirtual().start(this::accept);
    }

    Redirects begin(Optional<Duration> idle) {
      redirects =
          new Redirects(
              name,
              new NetworkSettings(
                  Map.of("guests", GUESTS),
                  NetworkSettings.Redirect.TUNNEL,
                  NetworkSettings.DEFAULT_VXLAN_PORT,
                  idle,
                  Optional.empty(),
                  Optional.empty(),
                  Hooks.NONE),
              Namespaces.network(namespace),
              this,
              this);
      redirects.start();
      return redirects;
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
      return !strangers.contains(peer.value());
    }

    @Override
    public boolean trusts(HostName peer) {
      return trusted.contains(peer.value());
    }

    @Override
    public IpAddress address(HostName peer) {
      return new IpAddress(host(peer.value()).outer);
    }

    @Override
    public PeerChannel dial(HostName peer) {
      return new NetworkNamespace(namespace)
          .call(
              () -> {
                try {
                  SocketChannel socket =
                      SocketChannel.open(
                          new InetSocketAddress(
                              InetAddress.ofLiteral(host(peer.value()).address), 7717));
                  socket.write(
                      ByteBuffer.wrap("%-40s".formatted(name).getBytes(StandardCharsets.UTF_8)));
                  return new SocketPeer(socket);
                } catch (IOException e) {
                  throw Problem.peer("unreachable", e.toString(), "").asException();
                }
              });
    }

    @Override
    public void keep(GuestWhereabouts whereabouts) {
      journal.put(whereabouts.guest(), whereabouts);
    }

    @Override
    public void forgetWhereabouts(GuestName name) {
      journal.remove(name);
    }

    @Override
    public List<GuestWhereabouts> allWhereabouts() {
      return List.copyOf(journal.values());
    }

    GuestWhereabouts journal(GuestName guest) {
      return Objects.requireNonNull(journal.get(guest), "nothing in the journal");
    }

    String routes() {
      return Namespaces.in(
          namespace, "ip route show table 7717 2>/dev/null || true; ip rule show pref 7720");
    }

    String links() {
      return Namespaces.in(namespace, "ip -br link");
    }
  }

  private Host host(String name) {
    return Objects.requireNonNull(hosts.get(name), name);
  }

  @BeforeEach
  void build() {
    router = namespaces.make("router");
    client = namespaces.make("client");
    guest = namespaces.make("guest");
    Namespaces.in(router, "echo 1 > /proc/sys/net/ipv4/ip_forward");
    for (String name : List.of("alpha", "beta", "gamma")) {
      hosts.put(name, new Host(name, hosts.size()));
    }
    Namespaces.in(
        router,
        """
        ip link add c0 type veth peer name eth0 netns %s
        ip addr add 198.51.100.1/24 dev c0; ip link set c0 up
        echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter
        echo 1 > /proc/sys/net/ipv4/conf/c0/rp_filter
        ip route add 192.0.2.0/24 via %s
        """
            .formatted(client, host("alpha").address));
    Namespaces.in(
        client,
        "ip addr add 198.51.100.9/24 dev eth0; ip link set eth0 up;"
            + " ip route add default via 198.51.100.1");
    Namespaces.in(
        host("alpha").namespace,
        "ip link add gtap type veth peer name eth0 netns %s; ip link set gtap master guests up"
            .formatted(guest));
    Namespaces.in(
        guest,
        "ip link set eth0 address 52:54:00:00:00:0a up; ip addr add 192.0.2.10/24 dev eth0;"
            + " ip route add default via 192.0.2.1");
    host("alpha").redirects.found(WEB, PORTS);
  }

  @AfterEach
  void remove() throws IOException {
    for (Host host : hosts.values()) {
      host.redirects.close();
      host.listener.close();
    }
    namespaces.close();
  }

  private void plug(Host from, Host to) {
    Namespaces.in(
        from.namespace, "ip link set gtap nomaster; ip link set gtap netns " + to.namespace);
    Namespaces.in(to.namespace, "ip link set gtap master guests up");
  }

  private static GuestWhereabouts leaving(Host from, Host to) {
    return leaving(WEB, from, to);
  }

  private static GuestWhereabouts leaving(GuestName guest, Host from, Host to) {
    GuestWhereabouts next = from.redirects.next(guest, to.name).orElseThrow();
    from.redirects.moving(guest, to.name);
    return next;
  }

  private void move(String from, String to) {
    move(WEB, PORTS, from, to);
  }

  /** As a migration does it. */
  private void move(GuestName name, List<GuestPort> ports, String from, String to) {
    Host source = host(from);
    Host target = host(to);
    GuestWhereabouts next = leaving(name, source, target);
    target.redirects.prepare(next);
    until(
        "connected",
        () ->
            next.anchorsBut(target.name).stream()
                .filter(target::knows)
                .allMatch(target.redirects::connected));
    plug(source, target);
    String _ = target.redirects.arrive(next, ports);
    String _ = source.redirects.leave(name, target.name);
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

  /** A TCP connection from the client to the guest, or the other way, that can be asked to echo. */
  private static final class Talk implements AutoCloseable {
    private final SocketChannel near;
    private final SocketChannel far;

    Talk(String server, String address, String caller, int port) {
      try {
        ServerSocketChannel listening =
            in(
                server,
                () ->
                    ServerSocketChannel.open()
                        .bind(new InetSocketAddress(InetAddress.ofLiteral(address), port)));
        near =
            in(
                caller,
                () ->
                    SocketChannel.open(
                        new InetSocketAddress(InetAddress.ofLiteral(address), port)));
        far = listening.accept();
        listening.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    void works() {
      try {
        for (SocketChannel[] way : new SocketChannel[][] {{near, far}, {far, near}}) {
          way[0].write(ByteBuffer.wrap("hello".getBytes(StandardCharsets.UTF_8)));
          ByteBuffer read = ByteBuffer.allocate(5);
          way[1].socket().setSoTimeout(20_000);
          InputStream in = way[1].socket().getInputStream();
          assertThat(in.readNBytes(read.array(), 0, 5)).isEqualTo(5);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** So much that its packets are as large as packets get, one way and then the other. */
    void carries(int bytes) throws Exception {
      byte[] content = new byte[bytes];
      new Random(bytes).nextBytes(content);
      for (SocketChannel[] way : new SocketChannel[][] {{near, far}, {far, near}}) {
        FutureTask<Boolean> writing =
            new FutureTask<>(
                () -> {
                  ByteBuffer rest = ByteBuffer.wrap(content);
                  while (rest.hasRemaining()) {
                    way[0].write(rest);
                  }
                  return true;
                });
        Thread.ofPlatform().daemon().start(writing);
        way[1].socket().setSoTimeout(20_000);
        byte[] came = way[1].socket().getInputStream().readNBytes(bytes);
        assertThat(Arrays.equals(came, content)).isTrue();
        assertThat(writing.get(20, TimeUnit.SECONDS)).isTrue();
      }
    }

    @Override
    public void close() {
      try {
        near.close();
        far.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private interface Opening<T> {
    T open() throws IOException;
  }

  private static <T> T in(String namespace, Opening<T> opening) {
    return new NetworkNamespace(namespace)
        .call(
            () -> {
              try {
                return opening.open();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  private Talk fromClient(int port) {
    return new Talk(guest, ADDRESS.text(), client, port);
  }

  private Talk fromGuest(int port) {
    return new Talk(client, "198.51.100.9", guest, port);
  }

  private List<Reachability.Way> ways(String host) {
    return ways(WEB, host);
  }

  private List<Reachability.Way> ways(GuestName name, String host) {
    return host(host).redirects.ways(host(host).redirects.find(name).orElseThrow());
  }

  private void trust(String one, String other) {
    host(one).trusted.add(other);
    host(other).trusted.add(one);
  }

  private boolean isPlain(GuestName name, String host, String peer) {
    return ways(name, host).stream()
        .filter(way -> way.host().value().equals(peer))
        .anyMatch(way -> way.carrier() == Reachability.Carrier.VXLAN);
  }

  private void untilPlain(String one, String other) {
    until("plain", () -> isPlain(WEB, one, other) && isPlain(WEB, other, one));
  }

  private String note(String host) {
    return ways(host).getFirst().note().orElse("");
  }

  private static String plain(String peer) {
    return RouteTables.plainDevice(new HostName(peer));
  }

  private static String tunnel(String peer) {
    return RouteTables.device(new HostName(peer));
  }

  /** What passed a device, in bytes. */
  private long bytes(String host, String device, String direction) {
    return Long.parseLong(
        Namespaces.in(
                host(host).namespace,
                "cat /sys/class/net/%s/statistics/%s_bytes".formatted(device, direction))
            .strip());
  }

  /** The hosts and the client get addresses of IPv6 too, and links that carry so much. */
  private void six(int mtu) {
    Namespaces.in(router, "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
    int index = 0;
    for (Host host : hosts.values()) {
      index++;
      Namespaces.in(
          router,
          "ip link set %s mtu %d; ip -6 addr add 2001:db8:%d::1/64 dev %s nodad"
              .formatted(host.name, mtu, index, host.name));
      Namespaces.in(
          host.namespace,
          """
          ip link set up0 mtu %1$d; ip -6 addr add 2001:db8:%2$d::2/64 dev up0 nodad
          echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
          ip -6 route add default via 2001:db8:%2$d::1 dev up0
          """
              .formatted(mtu, index));
    }
    Namespaces.in(
        router,
        "ip -6 addr add 2001:db8:9::1/64 dev c0 nodad;"
            + " ip -6 route add 2001:db8:5::/64 via 2001:db8:1::2");
    Namespaces.in(
        client,
        "ip -6 addr add 2001:db8:9::9/64 dev eth0 nodad;"
            + " ip -6 route add default via 2001:db8:9::1 dev eth0");
  }

  private void packetsCrossByIpVersion6() {
    int index = 0;
    for (Host host : hosts.values()) {
      index++;
      host.outer = "2001:db8:%d::2".formatted(index);
    }
  }

  private static void shout(Host from, String to) {
    int sent =
        in(
            from.namespace,
            () -> {
              try (DatagramChannel channel =
                  DatagramChannel.open()
                      .bind(new InetSocketAddress(InetAddress.ofLiteral(from.address), 0))) {
                return channel.send(
                    ByteBuffer.wrap("hello".getBytes(StandardCharsets.UTF_8)),
                    new InetSocketAddress(InetAddress.ofLiteral(to), 9999));
              }
            });
    assertThat(sent).isEqualTo(5);
  }

  /** The count of the first rule that a pattern up to its counter finds. */
  private static long counted(String namespace, String table, String rule) {
    Matcher found =
        Pattern.compile("(?m)^\\s*" + rule + "counter packets ([0-9]+)")
            .matcher(Namespaces.in(namespace, "nft list table inet " + table));
    assertThat(found.find()).as(rule).isTrue();
    return Long.parseLong(found.group(1));
  }

  @Test
  void connectionsLiveThroughMovesAndTheWayIsShortenedEachTime() {
    try (Talk one = fromClient(5000);
        Talk two = fromGuest(5001)) {
      one.works();
      two.works();

      move("alpha", "beta");
      one.works();
      two.works();
      assertThat(host("alpha").routes())
          .contains("192.0.2.10 dev " + RouteTables.device(new HostName("beta")) + " proto 78");
      try (Talk fresh = fromClient(5002)) {
        fresh.works();
      }
      assertThat(ways("alpha"))
          .containsExactly(
              new Reachability.Way(
                  new HostName("beta"),
                  Reachability.Direction.TO,
                  true,
                  true,
                  Reachability.Carrier.TUNNEL,
                  Optional.empty()));
      until(
          "alpha has agreed",
          () ->
              ways("beta")
                  .equals(
                      List.of(
                          new Reachability.Way(
                              new HostName("alpha"),
                              Reachability.Direction.FROM,
                              true,
                              true,
                              Reachability.Carrier.TUNNEL,
                              Optional.empty()))));
      assertThat(host("beta").redirects.wayOut(WEB)).contains(new HostName("alpha"));

      move("beta", "gamma");
      one.works();
      two.works();
      until(
          "alpha sends straight to gamma",
          () ->
              host("alpha")
                  .routes()
                  .contains(
                      "192.0.2.10 dev " + RouteTables.device(new HostName("gamma")) + " proto 78"));
      one.works();

      move("gamma", "alpha");
      one.works();
      two.works();
      assertThat(host("alpha").routes()).isEqualTo("192.0.2.10 dev guests proto 77 scope link \n");
    }
  }

  @Test
  void whereTheFirstHostIsNotKnownToTheThirdTheWayIsChained() {
    host("gamma").strangers.add("alpha");
    try (Talk one = fromClient(5000)) {
      one.works();
      move("alpha", "beta");
      move("beta", "gamma");
      one.works();
      assertThat(host("alpha").routes()).contains(RouteTables.device(new HostName("beta")));
    }
  }

  @Test
  void anAgentThatStartsAgainCarriesOn() {
    try (Talk one = fromClient(5000)) {
      one.works();
      move("alpha", "beta");
      one.works();
      for (String name : List.of("alpha", "beta")) {
        host(name).redirects.close();
        host(name).begin(Optional.empty());
        host(name).redirects.found(WEB, PORTS);
        one.works();
      }
    }
  }

  @Test
  void aGuestThatIsTakenBackIsFoundWhereItWas() {
    try (Talk one = fromClient(5000)) {
      one.works();
      Host alpha = host("alpha");
      Host beta = host("beta");
      GuestWhereabouts next = leaving(alpha, beta);
      beta.redirects.prepare(next);
      String _ = beta.redirects.arrive(next, PORTS.subList(0, 0));
      String _ = alpha.redirects.leave(WEB, beta.name);
      assertThat(alpha.routes()).contains("proto 78");

      beta.redirects.abandon(WEB, beta.name);
      alpha.redirects.runs(WEB, PORTS);

      one.works();
      assertThat(alpha.routes()).isEqualTo("192.0.2.10 dev guests proto 77 scope link \n");
      assertThat(beta.routes()).isEmpty();
      until(
          "nothing is left at beta",
          () -> !Namespaces.in(beta.namespace, "ip -br link").contains("drw"));
    }
  }

  @Test
  void aGuestThatDoesNotComeBackIsPassedOnToWhereItStayed() {
    try (Talk one = fromClient(5000)) {
      one.works();
      move("alpha", "beta");
      one.works();
      Host alpha = host("alpha");
      Host beta = host("beta");
      GuestWhereabouts next = leaving(beta, alpha);
      alpha.redirects.prepare(next);
      String _ = alpha.redirects.arrive(next, PORTS.subList(0, 0));

      alpha.redirects.abandon(WEB, alpha.name);
      beta.redirects.abandon(WEB, alpha.name);
      // It may have been told that the guest came.
      beta.redirects.runs(WEB, PORTS);

      one.works();
      assertThat(alpha.routes()).contains(RouteTables.device(beta.name));
    }
  }

  @Test
  void aRehearsalToAnotherHostDuringAMoveChangesNothing() {
    try (Talk one = fromClient(5000)) {
      Host alpha = host("alpha");
      GuestWhereabouts next = leaving(alpha, host("beta"));
      assertThat(alpha.redirects.next(WEB, host("gamma").name)).isPresent();
      host("beta").redirects.prepare(next);
      plug(alpha, host("beta"));
      String _ = host("beta").redirects.arrive(next, PORTS);
      String _ = alpha.redirects.leave(WEB, host("beta").name);
      one.works();
      assertThat(alpha.redirects.find(WEB).orElseThrow().at()).isEqualTo(host("beta").name);
    }
  }

  @Test
  void aGuestThatStartsAfreshWhereItOnceLeftIsFoundThere() {
    try (Talk one = fromClient(5000)) {
      one.works();
      move("alpha", "beta");
      one.works();
    }
    Host alpha = host("alpha");
    // Its host is gone for good, and it starts again at the first.
    host("beta").redirects.close();
    plug(host("beta"), alpha);
    alpha.redirects.runs(WEB, PORTS);
    try (Talk two = fromClient(5001)) {
      two.works();
    }
    assertThat(alpha.routes()).isEqualTo("192.0.2.10 dev guests proto 77 scope link \n");
  }

  @Test
  void aGuestThatStandsStillForLongIsNotSaidToBeUnreachable() throws Exception {
    try (Talk first = fromClient(5000)) {
      first.works();
    }
    Namespaces.in(
        guest,
        """
        nft -f - <<END
        table inet still { chain in { type filter hook input priority 0; policy drop; }; }
        table arp still { chain in { type filter hook input priority 0; policy drop; }; }
        END
        """);
    // Beyond the time after which a neighbour that does not answer is given up.
    FutureTask<Boolean> calling =
        new FutureTask<>(
            () -> {
              try (Talk late = fromClient(5001)) {
                late.works();
              }
              return true;
            });
    Thread.ofPlatform().daemon().start(calling);
    Namespaces.sh("sleep 12");
    assertThat(calling.isDone()).isFalse();
    Namespaces.in(guest, "nft delete table inet still; nft delete table arp still");
    assertThat(calling.get(30, TimeUnit.SECONDS)).isTrue();
    host("alpha").redirects.ended(WEB);
    assertThat(Namespaces.in(host("alpha").namespace, "ip neigh show nud permanent"))
        .doesNotContain("192.0.2.10 ");
  }

  @Test
  void aRedirectEndsWithItsLastConnection() {
    host("alpha").redirects.close();
    Redirects alpha = host("alpha").begin(Optional.of(Duration.ofSeconds(3)));
    alpha.found(WEB, PORTS);
    Talk one = fromClient(5000);
    one.works();
    move("alpha", "beta");
    one.works();
    Namespaces.sh("sleep 6");
    one.works();
    assertThat(alpha.find(WEB)).isPresent();

    one.close();
    // The kernel remembers it for two minutes more; that keeps nothing.
    until("nothing is passed on", () -> alpha.find(WEB).isEmpty());
    assertThat(host("alpha").routes()).isEmpty();
    until("beta knows", () -> host("beta").journal(WEB).anchorsBut(host("beta").name).isEmpty());
    assertThat(host("beta").routes()).doesNotContain("7720");
  }

  @Test
  void aHostThatMayConnectMayNotSpeakForOthers() {
    Host alpha = host("alpha");
    Host beta = host("beta");
    // beta claims a guest that never left.
    GuestWhereabouts stolen =
        new GuestWhereabouts(WEB, 9, beta.name, List.of(ADDRESS), List.of(alpha.name, beta.name));
    beta.redirects.prepare(stolen);
    String _ = beta.redirects.arrive(stolen, List.of());
    until("alpha refused", () -> !beta.journal(WEB).anchors().contains(alpha.name));
    assertThat(alpha.routes()).isEqualTo("192.0.2.10 dev guests proto 77 scope link \n");
    try (Talk one = fromClient(5000)) {
      one.works();
    }
  }

  @Test
  void packetsGoPlainlyWhereBothHostsTrustThePath() throws Exception {
    trust("alpha", "beta");
    try (Talk one = fromClient(5000);
        Talk two = fromGuest(5001)) {
      one.works();
      two.works();
      move("alpha", "beta");
      one.works();
      untilPlain("alpha", "beta");
      assertThat(host("alpha").routes())
          .contains("192.0.2.10 via 169.254.77.17 dev " + plain("beta") + " proto 78");
      assertThat(host("beta").routes())
          .contains("lookup " + RouteTables.of(plain("alpha")))
          .doesNotContain("lookup " + RouteTables.of(tunnel("alpha")));
      one.works();
      two.works();
      try (Talk fresh = fromClient(5002)) {
        fresh.works();
      }
      // The links carry 1500 bytes, as the connections' ends believe: nobody need learn otherwise.
      int many = 8 << 20;
      one.carries(many);
      assertThat(bytes("alpha", plain("beta"), "tx")).isGreaterThan(many);
      assertThat(bytes("alpha", plain("beta"), "rx")).isGreaterThan(many);
      assertThat(bytes("alpha", tunnel("beta"), "rx")).isLessThan(many);

      move("beta", "alpha");
      one.works();
      two.works();
      assertThat(host("alpha").routes()).isEqualTo("192.0.2.10 dev guests proto 77 scope link \n");
    }
    host("alpha").redirects.ended(WEB);
    for (String name : List.of("alpha", "beta")) {
      until("nothing is left at " + name, () -> !host(name).links().contains("drx"));
      until(
          "no table is left at " + name,
          () -> !Namespaces.in(host(name).namespace, "nft list tables").contains("drx"));
    }
  }

  @Test
  void plainWaysAreShortenedLikeAllOthers() {
    trust("alpha", "beta");
    trust("beta", "gamma");
    trust("alpha", "gamma");
    try (Talk one = fromClient(5000);
        Talk two = fromGuest(5001)) {
      one.works();
      two.works();
      move("alpha", "beta");
      untilPlain("alpha", "beta");
      one.works();
      move("beta", "gamma");
      one.works();
      two.works();
      untilPlain("alpha", "gamma");
      until("alpha sends straight there", () -> host("alpha").routes().contains(plain("gamma")));
      one.works();
      two.works();
      move("gamma", "alpha");
      one.works();
      two.works();
    }
  }

  @Test
  void whereOnlyOneHostTrustsThePathPacketsGoThroughThePort() {
    host("alpha").trusted.add("beta");
    try (Talk one = fromClient(5000)) {
      one.works();
      move("alpha", "beta");
      one.works();
      until("told", () -> note("alpha").startsWith("beta says"));
      assertThat(note("beta")).contains("alpha would send packets plainly");
      assertThat(host("alpha").routes()).contains(tunnel("beta"));
      assertThat(host("alpha").links() + host("beta").links()).doesNotContain("drx");
      one.works();
    }
  }

  @Test
  void whatAFirewallSwallowsGoesThroughThePortForAsLongAsItDoes() {
    String swallow =
        """
        nft -f - <<END
        table inet swallow {
          chain f { type filter hook forward priority 0; udp dport 7717 drop; }
        }
        END
        """;
    trust("alpha", "beta");
    Namespaces.in(router, swallow);
    try (Talk one = fromClient(5000)) {
      one.works();
      move("alpha", "beta");
      one.works();
      until("seen", () -> note("alpha").endsWith("at either end"));
      until("seen", () -> note("beta").endsWith("at either end"));
      assertThat(host("alpha").routes()).contains(tunnel("beta"));
      one.works();

      Namespaces.in(router, "nft delete table inet swallow");
      untilPlain("alpha", "beta");
      one.works();

      Namespaces.in(router, swallow);
      until("seen again", () -> !isPlain(WEB, "alpha", "beta") && !isPlain(WEB, "beta", "alpha"));
      one.works();
    }
  }

  @Test
  void plainPacketsDoWithoutTheAgentsForAWhile() {
    trust("alpha", "beta");
    try (Talk one = fromClient(5000)) {
      one.works();
      move("alpha", "beta");
      untilPlain("alpha", "beta");
      for (String name : List.of("alpha", "beta")) {
        host(name).redirects.close();
        one.works();
        Namespaces.sh("sleep 3"); // the other one has noticed by now
        one.works();
        host(name).begin(Optional.empty());
        host(name).redirects.found(WEB, PORTS);
        one.works();
        assertThat(host("alpha").routes()).contains(plain("beta"));
        until("connected", () -> host("alpha").redirects.connected(host("beta").name));
        one.works();
        untilPlain("alpha", "beta");
      }

      host("alpha").redirects.close();
      host("alpha").trusted.clear();
      host("alpha").begin(Optional.empty());
      until("beta was told", () -> note("beta").startsWith("alpha says"));
      one.works();
      assertThat(host("alpha").routes()).contains(tunnel("beta"));
      until("beta's is gone", () -> !host("beta").links().contains("drx"));
      assertThat(host("alpha").links()).doesNotContain("drx");
    }
  }

  @Test
  void nobodyElseIsLetIntoAPlainWayAndThePeerForItsGuestsOnly() {
    trust("alpha", "beta");
    try (Talk one = fromClient(5000)) {
      one.works();
      move("alpha", "beta");
      untilPlain("alpha", "beta");
      Host alpha = host("alpha");
      Host beta = host("beta");
      Namespaces.in(
          guest,
          """
          nft -f - <<END
          table inet seen { chain in { type filter hook input priority 0; udp dport 9999 counter; }; }
          END
          """);
      shout(alpha, ADDRESS.text());
      until("it comes from alpha", () -> counted(guest, "seen", "udp dport 9999 ") == 1);

      Vxlan real =
          Vxlan.between(
              alpha.name,
              beta.name,
              new IpAddress(alpha.address),
              new IpAddress(beta.address),
              NetworkSettings.DEFAULT_VXLAN_PORT);
      Host gamma = host("gamma");
      Namespaces.in(
          gamma.namespace,
          """
          ip link add spoof address %1$s type vxlan id %2$d local %3$s remote %4$s dstport 7717 nolearning
          ip link set spoof addrgenmode none up
          ip neigh replace 192.0.2.10 lladdr %5$s dev spoof nud permanent
          ip route add 192.0.2.10 dev spoof
          """
              .formatted(real.mac(), real.vni(), gamma.address, beta.address, real.peerMac()));
      shout(gamma, ADDRESS.text());
      until(
          "gamma's is dropped",
          () ->
              counted(beta.namespace, plain("alpha"), ".* ip saddr != " + alpha.address + " ") > 0);

      Namespaces.in(
          alpha.namespace,
          "ip route add 192.0.2.77 via 169.254.77.17 dev %s onlink".formatted(plain("beta")));
      long before = counted(beta.namespace, plain("alpha"), "");
      shout(alpha, "192.0.2.77");
      until(
          "what is not for a guest that was there is dropped",
          () -> counted(beta.namespace, plain("alpha"), "") > before);
      assertThat(counted(guest, "seen", "udp dport 9999 ")).isEqualTo(1);
      one.works();
    }
  }

  @Test
  void thePathMayBeOfIpVersion6WhereItCarriesWholePackets() throws Exception {
    six(1600);
    packetsCrossByIpVersion6();
    trust("alpha", "beta");
    try (Talk one = fromClient(5000)) {
      one.works();
      move("alpha", "beta");
      untilPlain("alpha", "beta");
      assertThat(Namespaces.in(host("alpha").namespace, "ip -d link show " + plain("beta")))
          .contains("remote 2001:db8:2::2 local 2001:db8:1::2");
      one.works();
      one.carries(1 << 20);
    }
  }

  @Test
  void aPathThatIsTooNarrowForWholePacketsIsNotTaken() throws Exception {
    // By IPv6 the kernel takes nothing apart that is too large with the 70 bytes around it.
    six(1500);
    packetsCrossByIpVersion6();
    trust("alpha", "beta");
    try (Talk one = fromClient(5000)) {
      one.works();
      move("alpha", "beta");
      until("seen", () -> note("alpha").endsWith("at either end"));
      assertThat(host("alpha").routes()).contains(tunnel("beta"));
      one.works();
      one.carries(1 << 20);
    }
  }

  @Test
  void guestsOfIpVersion6GoPlainlyToo() throws Exception {
    six(1500);
    GuestName name = new GuestName("six");
    String address = "2001:db8:5::10";
    List<GuestPort> ports =
        List.of(
            new GuestPort(
                "gtap",
                new NetworkCard(
                    "52:54:00:00:00:0a",
                    "guests",
                    List.of(new IpAddress(address)),
                    Optional.empty())));
    for (Host host : hosts.values()) {
      Namespaces.in(host.namespace, "ip -6 addr add fe80::1/64 dev guests nodad");
    }
    Namespaces.in(
        guest,
        "ip -6 addr add 2001:db8:5::10/128 dev eth0 nodad;"
            + " ip -6 route add default via fe80::1 dev eth0");
    trust("alpha", "beta");
    host("alpha").redirects.found(name, ports);
    try (Talk one = new Talk(guest, address, client, 5000)) {
      one.works();
      move(name, ports, "alpha", "beta");
      until("plain", () -> isPlain(name, "alpha", "beta") && isPlain(name, "beta", "alpha"));
      assertThat(Namespaces.in(host("alpha").namespace, "ip -6 route show table 7717"))
          .contains("2001:db8:5::10 via fe80::7717 dev " + plain("beta"));
      one.works();
      one.carries(1 << 20);
      try (Talk fresh = new Talk(guest, address, client, 5001)) {
        fresh.works();
      }
    }
  }

  @Test
  void aThroughputOfGigabitsIsPossible() throws Exception {
    try (Talk one = fromClient(5000)) {
      one.works();
      move("alpha", "beta");
      one.works();
      assertGigabits("redirected", one);
    }
  }

  @Test
  void plainPacketsAreNoSlower() throws Exception {
    six(1600);
    trust("alpha", "beta");
    try (Talk one = fromClient(5000)) {
      one.works();
      move("alpha", "beta");
      untilPlain("alpha", "beta");
      assertGigabits("redirected plainly", one);
    }
  }

  private static void assertGigabits(String what, Talk one) throws Exception {
    byte[] block = new byte[1 << 16];
    long bytes = 256L << 20;
    long began = System.nanoTime();
    Thread writer =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    for (long sent = 0; sent < bytes; sent += block.length) {
                      one.near.write(ByteBuffer.wrap(block));
                    }
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                });
    ByteBuffer into = ByteBuffer.allocate(1 << 18);
    for (long read = 0; read < bytes; ) {
      into.clear();
      int count = one.far.read(into);
      assertThat(count).isPositive();
      read += count;
    }
    writer.join();
    double gigabits = bytes * 8 / (double) (System.nanoTime() - began);
    System.out.printf("%s at %.2f Gbit/s%n", what, gigabits);
    assertThat(gigabits).isGreaterThan(0.2);
  }
}
