package io.drover.network;

import io.drover.linux.PacketSocket;
import io.drover.model.GuestName;
import io.drover.model.IpAddress;
import io.drover.model.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import tools.jackson.databind.node.ArrayNode;

/** The kernel, through its own tools. */
public final class LinuxNetwork implements HostNetwork {
  private static final Duration LIMIT = Duration.ofSeconds(5);

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
    for (String family : FilterJson.families(good("nft", "-j", "list", "tables").out(), name)) {
      String listing = good("nft", "-j", "list", "table", family, name).out();
      FilterTable table = FilterJson.table(listing, family, name);
      tables.add(
          family.equals("netdev")
              ? FilterJson.withDevices(table, good("nft", "list", "table", family, name).out())
              : table);
    }
    return new GuestFilter(tables);
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
    if (filter.isEmpty()) {
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
      removeFilter(guest);
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
    for (String family : FilterJson.families(good("nft", "-j", "list", "tables").out(), name)) {
      Commands.Output _ = good("nft", "delete", "table", family, name);
    }
  }

  @Override
  public List<Connection> connections(Collection<IpAddress> addresses) {
    List<Connection> found = new ArrayList<>();
    if (addresses.stream().anyMatch(address -> !address.isV6())) {
      found.addAll(connections(addresses, "ipv4"));
    }
    if (addresses.stream().anyMatch(IpAddress::isV6)) {
      found.addAll(connections(addresses, "ipv6"));
    }
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
