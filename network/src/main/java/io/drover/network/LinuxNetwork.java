package io.drover.network;

import io.drover.linux.PacketSocket;
import io.drover.linux.TapDevice;
import io.drover.model.GuestName;
import io.drover.model.IpAddress;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import tools.jackson.databind.node.ArrayNode;

/** The kernel, through its own tools. */
public final class LinuxNetwork implements HostNetwork {
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final Pattern PLAIN_DEVICE = Pattern.compile("(?m)^[0-9]+: (drx[0-9a-f]{8})[:@]");

  private final Commands commands;
  private final Inside inside;

  /** Where sockets are opened: this process's network namespace, unless it is a test's. */
  public interface Inside {
    <T> T call(Supplier<T> action);
  }

  public LinuxNetwork() {
    this(
        new SystemCommands(),
        new Inside() {
          @Override
          public <T> T call(Supplier<T> action) {
            return action.get();
          }
        });
  }

  LinuxNetwork(Commands commands, Inside inside) {
    this.commands = commands;
    this.inside = inside;
  }

  @Override
  public GuestFilter filter(GuestName guest) {
    String name = GuestFilter.tableName(guest);
    List<FilterTable> tables = new ArrayList<>();
    for (String family : families(name)) {
      String listing = good("nft", "-j", "list", "table", family, name).out();
      FilterTable table = FilterJson.table(listing, family, name);
      tables.add(
          family.equals("netdev")
              ? FilterJson.withDevices(table, good("nft", "list", "table", family, name).out())
              : table);
    }
    return new GuestFilter(tables);
  }

  private List<String> families(String table) {
    try {
      return FilterJson.families(good("nft", "-j", "list", "tables").out(), table);
    } catch (ProblemException e) {
      if (e.problem().code().equals(SystemCommands.MISSING)) {
        return List.of(); // a host without nftables has no tables
      }
      throw e;
    }
  }

  @Override
  public void load(GuestName guest, GuestFilter filter) {
    ArrayNode document = FilterJson.commands();
    for (FilterTable table : filter.tables()) {
      if (!table.name().equals(GuestFilter.tableName(guest))) {
        throw Problem.peer(
                "bad-filter",
                "The table '%s' is not guest '%s''s".formatted(table.name(), guest),
                "Run the same release of Drover on both hosts.")
            .asException();
      }
      FilterJson.replace(table, document);
    }
    // At once with the others: what the filter has no more is not in force any longer.
    String name = GuestFilter.tableName(guest);
    for (String family : families(name)) {
      if (filter.tables().stream().noneMatch(table -> table.family().equals(family))) {
        FilterJson.remove(family, name, document);
      }
    }
    if (document.isEmpty()) {
      return;
    }
    Commands.Output output =
        commands.run(LIMIT, FilterJson.document(document), List.of("nft", "-j", "-f", "-"));
    if (!output.isGood()) {
      throw Problem.host(
              "filter-refused",
              "nftables does not take the guest's filter: " + firstLine(output.err()),
              "Use the same version of nftables and of the kernel's modules on both hosts.")
          .asException();
    }
    String wanted = filter.hash();
    String there = filter(guest).hash();
    if (!there.equals(wanted)) {
      throw Problem.host(
              "filter-differs",
              "nftables made another filter of the guest's: %s instead of %s"
                  .formatted(there, wanted),
              "Use the same version of nftables on both hosts.")
          .asException();
    }
  }

  @Override
  public void removeFilter(GuestName guest) {
    String name = GuestFilter.tableName(guest);
    for (String family : families(name)) {
      Commands.Output _ = good("nft", "delete", "table", family, name);
    }
  }

  @Override
  public List<Connection> connections(Collection<IpAddress> addresses) {
    // Both at once: a guest stands still meanwhile.
    CompletableFuture<List<Connection>> six =
        addresses.stream().anyMatch(IpAddress::isV6)
            ? Meanwhile.call(() -> connections(addresses, "ipv6"))
            : CompletableFuture.completedFuture(List.of());
    List<Connection> found = new ArrayList<>();
    if (addresses.stream().anyMatch(address -> !address.isV6())) {
      found.addAll(connections(addresses, "ipv4"));
    }
    found.addAll(Meanwhile.result(six));
    return found;
  }

  private List<Connection> connections(Collection<IpAddress> addresses, String family) {
    // Most lines are of others: looking for the text first spares taking them apart.
    List<String> texts = addresses.stream().map(LinuxNetwork::asPrinted).toList();
    return good("conntrack", "-L", "-f", family, "-o", "save")
        .out()
        .lines()
        .filter(line -> texts.stream().anyMatch(line::contains))
        .flatMap(line -> Connection.parse(line).stream())
        .filter(connection -> connection.isOf(addresses))
        .toList();
  }

  /** As conntrack prints it, or at least something that each of its lines has. */
  private static String asPrinted(IpAddress address) {
    return address.isV6() ? ":" : address.text();
  }

  @Override
  public void restore(List<Connection> connections) {
    if (connections.isEmpty()) {
      return;
    }
    StringBuilder lines = new StringBuilder();
    connections.forEach(connection -> lines.append(connection.line()).append('\n'));
    Commands.Output output = commands.run(LIMIT, lines.toString(), List.of("conntrack", "-R", "-"));
    if (!output.isGood()) {
      throw Problem.host(
              "connections-refused",
              "conntrack does not take the guest's connections: " + firstLine(output.err()),
              "Install conntrack 1.4.7 or newer, and load nf_conntrack and nf_conntrack_netlink.")
          .asException();
    }
  }

  @Override
  public void learn(GuestPort port) {
    Commands.Output _ =
        good(
            "bridge",
            "fdb",
            "replace",
            port.card().mac(),
            "dev",
            port.device(),
            "master",
            "dynamic");
  }

  @Override
  public void send(String bridge, List<byte[]> frames) {
    try (PacketSocket socket = inside.call(() -> PacketSocket.open(bridge))) {
      frames.forEach(socket::send);
    }
  }

  @Override
  public boolean awaitFrame(GuestPort port, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    try (PacketSocket socket = inside.call(() -> PacketSocket.listening(port.device()))) {
      while (true) {
        Duration left = Duration.ofNanos(deadline - System.nanoTime());
        if (!left.isPositive()) {
          return false;
        }
        // QEMU announces a guest by RARP; guests do not speak that.
        if (socket.hear(left).filter(frame -> !Announcement.isReverseArp(frame)).isPresent()) {
          return true;
        }
      }
    }
  }

  @Override
  public void gateway(RoutedBridge bridge) {
    StringBuilder script = new StringBuilder();
    script.append("name=").append(bridge.name()).append('\n');
    script.append("[ -d /sys/class/net/$name ] || ip link add $name type bridge\n");
    // The device's own MAC address would change with its ports, and guests keep the gateway's.
    script.append("ip link set $name address ").append(bridge.mac()).append(" up\n");
    script.append("cd /proc/sys/net/ipv4\n");
    script.append("echo 1 > ip_forward\n");
    // Answers for every address that is elsewhere, and for guests that may not see each other.
    script.append("echo 1 > conf/$name/proxy_arp; echo 1 > conf/$name/proxy_arp_pvlan\n");
    script.append("echo 0 > neigh/$name/proxy_delay; echo 0 > conf/$name/send_redirects\n");
    if (bridge.gateway().stream().anyMatch(IpAddress::isV6)) {
      // A host that forwards forgets what routers told it, and hears no more of them, unless it
      // insists.
      script.append("for told in /proc/sys/net/ipv6/conf/*/accept_ra; do\n");
      script.append("[ \"$(cat $told)\" != 1 ] || echo 2 > $told; done\n");
      script.append("all=/proc/sys/net/ipv6/conf/all/forwarding\n");
      script.append("[ \"$(cat $all)\" = 1 ] || echo 1 > $all\n");
      script.append("echo 0 > /proc/sys/net/ipv6/conf/$name/disable_ipv6\n");
    }
    for (IpAddress address : bridge.gateway()) {
      script.append("ip addr replace ").append(address.asPrefix()).append(" dev $name");
      script.append(address.isV6() ? " nodad\n" : "\n");
    }
    for (String family : List.of("-4", "-6")) {
      script.append(
          "ip %1$s rule show pref %2$d | grep -q . || ip %1$s rule add pref %2$d lookup %3$d%4$s\n"
              .formatted(
                  family,
                  RouteTables.GUESTS_RULE,
                  RouteTables.GUESTS,
                  // A kernel without IPv6 has guests without it.
                  family.equals("-6") ? " || true" : ""));
    }
    shell(script.toString());
  }

  @Override
  public void isolate(GuestPort port) {
    Commands.Output _ = good("bridge", "link", "set", "dev", port.device(), "isolated", "on");
  }

  @Override
  public void routeHere(GuestPort port) {
    List<String> lines = new ArrayList<>();
    for (IpAddress address : port.card().addresses()) {
      lines.add(RouteTables.here(address, port.card().bridge()));
      // Known from the start and for good: no packet waits for an answer of the guest's, and nobody
      // is told that it is unreachable while it stands still.
      lines.add(
          "neigh replace %s lladdr %s dev %s nud permanent"
              .formatted(address, port.card().mac(), port.card().bridge()));
    }
    batch(lines);
  }

  @Override
  public void routeThrough(Collection<IpAddress> addresses, String device) {
    batch(addresses.stream().map(address -> RouteTables.redirect(address, device)).toList());
    // Afterwards: packets wait for the route only.
    addresses.forEach(this::forgetNeighbour);
  }

  private void forgetNeighbour(IpAddress address) {
    Commands.Output _ =
        commands.run(
            LIMIT,
            "",
            List.of("ip", "neigh", "flush", "to", address.asPrefix(), "nud", "permanent"));
  }

  @Override
  public void forgetRoutes(Collection<IpAddress> addresses) {
    for (IpAddress address : addresses) {
      forgetNeighbour(address);
      // There is at most one, and none is as good as one removed.
      Commands.Output _ =
          commands.run(
              LIMIT,
              "",
              List.of(
                  "ip",
                  "route",
                  "delete",
                  address.asPrefix(),
                  "table",
                  Integer.toString(RouteTables.GUESTS)));
    }
  }

  @Override
  public void returnThrough(Collection<IpAddress> addresses, String device) {
    for (IpAddress address : addresses) {
      int wanted = RouteTables.of(device);
      List<Integer> there = returns(address);
      if (!there.contains(wanted)) {
        rule("add", address, wanted);
      }
      there.stream()
          .filter(table -> table != wanted)
          .forEach(table -> rule("delete", address, table));
    }
  }

  @Override
  public void returnDirectly(Collection<IpAddress> addresses) {
    for (IpAddress address : addresses) {
      returns(address).forEach(table -> rule("delete", address, table));
    }
  }

  private void rule(String what, IpAddress from, int table) {
    Commands.Output _ =
        good(
            "ip",
            family(from),
            "rule",
            what,
            "pref",
            Integer.toString(RouteTables.RETURN_RULE),
            "from",
            from.asPrefix(),
            "lookup",
            Integer.toString(table));
  }

  private static String family(IpAddress address) {
    return address.isV6() ? "-6" : "-4";
  }

  /** The tables by which what the address sends leaves. */
  private List<Integer> returns(IpAddress address) {
    return RouteTables.rules(
        good(
                "ip",
                family(address),
                "-j",
                "rule",
                "show",
                "pref",
                Integer.toString(RouteTables.RETURN_RULE))
            .out(),
        address);
  }

  /** A TUN device, in this package's words. */
  private record Tun(TapDevice device) implements PacketDevice {
    @Override
    public OptionalInt read(MemorySegment into, int timeoutMillis) {
      return device.read(into, timeoutMillis);
    }

    @Override
    public boolean write(MemorySegment packet) {
      return device.write(packet);
    }

    @Override
    public void close() {
      device.close();
    }
  }

  @Override
  public PacketDevice tunnel(String device) {
    TapDevice made = inside.call(() -> TapDevice.create(device, TapDevice.Layer.PACKETS));
    try {
      made.persist();
      made.offload(TapDevice.Offload.SEGMENTS);
      // As large as a guest's own links: a stream carries whole packets, whatever their size.
      shell(
          """
          ip link set %1$s mtu 1500 txqueuelen 2000 addrgenmode none
          # Where the host's default is to have none, guests may have it all the same.
          [ ! -f /proc/sys/net/ipv6/conf/%1$s/disable_ipv6 ] || echo 0 > /proc/sys/net/ipv6/conf/%1$s/disable_ipv6
          ip link set %1$s up
          echo 0 > /proc/sys/net/ipv4/conf/%1$s/send_redirects
          ip route replace default dev %1$s table %2$d
          ip -6 route replace default dev %1$s table %2$d || true
          """
              .formatted(device, RouteTables.of(device)));
      track();
      return new Tun(made);
    } catch (RuntimeException e) {
      made.close();
      throw e;
    }
  }

  @Override
  public void removeTunnel(String device) {
    // Its routes go with it.
    Commands.Output _ = commands.run(LIMIT, "", List.of("ip", "link", "delete", "dev", device));
  }

  @Override
  public void plain(Vxlan vxlan) {
    shell(vxlan.script());
  }

  @Override
  public void letIn(Vxlan vxlan, Collection<IpAddress> from, Collection<IpAddress> to) {
    Commands.Output output = commands.run(LIMIT, vxlan.filter(from, to), List.of("nft", "-f", "-"));
    if (!output.isGood()) {
      throw Problem.host(
              "network-setup",
              "nftables does not take the rules for %s: %s"
                  .formatted(vxlan.device(), firstLine(output.err())),
              "Run the agent as root, with nftables installed and its modules loaded.")
          .asException();
    }
  }

  @Override
  public Probes probes(Vxlan vxlan) {
    PacketSocket socket = inside.call(() -> PacketSocket.open(vxlan.device(), Vxlan.PROBE_TYPE));
    return new PacketProbes(vxlan, socket);
  }

  private record PacketProbes(Vxlan vxlan, PacketSocket socket) implements Probes {
    @Override
    public void send() {
      socket.send(vxlan.probe());
    }

    @Override
    public boolean receive(int timeoutMillis) {
      byte[] frame = new byte[2 * Vxlan.MTU];
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment into = arena.allocate(frame.length);
        OptionalInt length = socket.receive(into, timeoutMillis);
        MemorySegment.copy(into, ValueLayout.JAVA_BYTE, 0, frame, 0, frame.length);
        return length.isPresent() && vxlan.isProbe(frame, length.getAsInt());
      }
    }

    @Override
    public void close() {
      socket.close();
    }
  }

  @Override
  public List<String> plainDevices() {
    return PLAIN_DEVICE
        .matcher(good("ip", "-o", "link", "show").out())
        .results()
        .map(found -> found.group(1))
        .toList();
  }

  @Override
  public void removePlain(String device) {
    Commands.Output _ = commands.run(LIMIT, "", List.of("ip", "link", "delete", "dev", device));
    // Afterwards: it is never open to all.
    Commands.Output _ = commands.run(LIMIT, "", List.of("nft", "delete", "table", "inet", device));
  }

  /** A rule that asks for a connection's state makes the kernel track connections at all. */
  private void track() {
    Commands.Output _ =
        commands.run(
            LIMIT,
            """
            table inet drover
            delete table inet drover
            table inet drover {
              chain forward {
                type filter hook forward priority 300
                ct state established counter
              }
            }
            """,
            List.of("nft", "-f", "-"));
  }

  private void shell(String script) {
    Commands.Output output = commands.run(LIMIT, script, List.of("sh", "-e"));
    if (!output.isGood()) {
      throw Problem.host(
              "network-setup",
              "The network cannot be set up: " + firstLine(output.err()),
              "Run the agent as root, with iproute2 installed and /proc/sys writable.")
          .asException();
    }
  }

  private void batch(List<String> lines) {
    if (lines.isEmpty()) {
      return;
    }
    Commands.Output output =
        commands.run(LIMIT, String.join("\n", lines) + "\n", List.of("ip", "-batch", "-"));
    if (!output.isGood()) {
      throw Problem.host(
              "network-tool",
              "'ip' refused one of [%s]: %s"
                  .formatted(String.join("; ", lines), firstLine(output.err())),
              "Run the agent as root, and see whether the command works by hand.")
          .asException();
    }
  }

  private Commands.Output good(String... command) {
    Commands.Output output = commands.run(LIMIT, "", List.of(command));
    if (!output.isGood()) {
      throw Problem.host(
              "network-tool",
              "'%s' failed: %s".formatted(String.join(" ", command), firstLine(output.err())),
              "Run the agent as root, and see whether the command works by hand.")
          .asException();
    }
    return output;
  }

  private static String firstLine(String text) {
    return text.lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .findFirst()
        .orElse("it said nothing");
  }
}
