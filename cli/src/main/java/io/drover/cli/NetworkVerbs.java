package io.drover.cli;

import io.drover.api.ApiClient;
import io.drover.api.NetworkView;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code drover network …}. */
@Command(name = "network", description = "Show how guests are reached.")
final class NetworkVerbs {
  @Mixin private final AgentOptions options = new AgentOptions();

  private NetworkVerbs() {}

  static CommandLine commandLine(Terminal terminal) {
    NetworkVerbs network = new NetworkVerbs();
    return new CommandLine(network).addSubcommand(new Show(network.options, terminal));
  }

  @Command(
      name = "show",
      description = {
        "Show where a guest is reachable, and through what, as the asked host knows it.",
        "Hosts that it left know it too, as long as they pass on what arrives there,",
        "and so do hosts that answer for its name."
      })
  private static final class Show extends Verb {
    @Parameters(paramLabel = "GUEST", description = "The guest's name.")
    private String guest = "";

    Show(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    int run(ApiClient client) {
      NetworkView view = client.network(guest);
      return answer(view, () -> lines(view, terminal()));
    }
  }

  static List<String> lines(NetworkView view, Terminal terminal) {
    List<String> lines = new ArrayList<>();
    lines.add(terminal.strong(Safe.text("%s is on %s.".formatted(view.guest(), view.at()))));
    Facts facts = new Facts(terminal);
    for (NetworkView.PortView card : view.cards()) {
      facts.add("card", card(card));
    }
    if (!view.names().isEmpty()) {
      facts.add(
          "name service",
          "%s, answered by %s".formatted(String.join(", ", view.names()), view.host()));
    }
    if (!view.routed().isEmpty()) {
      facts.add(
          "routed",
          "%s, after %s"
              .formatted(
                  String.join(", ", view.routed()),
                  view.moves() == 1 ? "1 move" : view.moves() + " moves"));
    }
    for (NetworkView.WayView way : view.ways()) {
      facts.add("redirect", redirect(view, way));
    }
    if (!view.routed().isEmpty() && view.at().equals(view.host())) {
      facts.add(
          "its own packets",
          view.wayOut().map(host -> "leave by " + host).orElse("leave here, as all others do"));
    }
    facts.add(
        "filter",
        view.filterTables().isEmpty()
            ? "none of its own on " + view.host()
            : "%s (%s)"
                .formatted(String.join(", ", view.filterTables()), view.filterHash().orElse("?")));
    view.connections()
        .ifPresent(
            count ->
                facts.add("connections", "%d open ones pass %s".formatted(count, view.host())));
    lines.addAll(facts.lines());
    return lines;
  }

  private static String card(NetworkView.PortView card) {
    return "%s %s on %s%s: %s%s"
        .formatted(
            card.device(),
            card.mac(),
            card.bridge(),
            card.routed() ? " (routed)" : "",
            card.addresses().isEmpty()
                ? "no address is given"
                : String.join(", ", card.addresses()),
            card.dnsName().map(name -> ", " + name).orElse(""));
  }

  private static String redirect(NetworkView view, NetworkView.WayView way) {
    String what =
        way.direction().equals("to")
            ? "what arrives at %s goes to %s".formatted(view.host(), way.host())
            : "what arrives at %s comes to %s".formatted(way.host(), view.host());
    boolean plain = way.carrier().equals("vxlan");
    if (!way.stands()) {
      return plain
          ? what + ", plainly by VXLAN, though the hosts' agents are not connected now"
          : what + ": not now, the hosts are not connected";
    }
    if (!way.agreed()) {
      return what + ": not now, " + way.host() + " has not agreed";
    }
    return plain
        ? what + ", plainly by VXLAN"
        : what + ", encrypted" + way.note().map(why -> " (not plainly: " + why + ")").orElse("");
  }
}
