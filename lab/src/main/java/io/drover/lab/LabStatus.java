package io.drover.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** A lab as {@code drover lab status} shows it. */
record LabStatus(
    String name,
    String folder,
    String keeping,
    String topology,
    List<NetworkStatus> networks,
    Set<String> cut,
    List<NodeStatus> nodes) {

  /** A network and how it behaves. */
  record NetworkStatus(String name, String link, String shape) {
    static NetworkStatus of(Topology.Network network) {
      return new NetworkStatus(
          network.name(),
          network.kind() == Topology.LinkKind.KERNEL ? "kernel" : "user-space",
          network.shape().describe());
    }
  }

  /**
   * One node.
   *
   * @param agent "running", "stopped", or "none" where there never was one; a name server's
   *     likewise
   * @param socket the agent's local API, for {@code drover --agent}
   */
  record NodeStatus(
      String name,
      String role,
      String state,
      String agent,
      String address,
      String socket,
      long pid) {}

  static LabStatus of(Lab lab) {
    LabRecord record = lab.record();
    List<NodeStatus> nodes = new ArrayList<>();
    for (NodeRecord node : record.nodes()) {
      boolean host = node.role() == Machine.Role.HOST;
      nodes.add(
          new NodeStatus(
              node.name(),
              node.role().name().toLowerCase(Locale.ROOT).replace('_', '-'),
              node.init().alive() ? "up" : "gone",
              switch (node.role()) {
                case HOST -> LabAgents.state(lab, node.name());
                case NAME_SERVER -> NameServers.state(lab, node.name());
                case CLIENT, ROUTER, FABRIC -> "none";
              },
              node.role() == Machine.Role.FABRIC ? "" : node.address(),
              host ? LabAgents.socket(lab, node.name()).toString() : "",
              node.init().pid()));
    }
    return new LabStatus(
        record.name(),
        lab.folder().toString(),
        record.keeping().name().toLowerCase(Locale.ROOT),
        record.topology().name(),
        record.topology().networks().stream().map(NetworkStatus::of).toList(),
        record.cut(),
        nodes);
  }

  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("Lab %s (%s)".formatted(name, topology));
    for (NetworkStatus network : networks) {
      lines.add(
          "  network %-10s %s link: %s".formatted(network.name(), network.link(), network.shape()));
    }
    for (NodeStatus node : nodes) {
      lines.add(
          "  %-10s %-11s %-4s  %s"
              .formatted(node.name(), node.role(), node.state(), more(node))
              .stripTrailing());
    }
    for (String link : cut) {
      lines.add("  cut: " + link);
    }
    String option = name.equals(LabName.DEFAULT) ? "" : " --name " + name;
    String host =
        nodes.stream()
            .filter(node -> !node.socket().isEmpty())
            .findFirst()
            .map(NodeStatus::name)
            .orElse("client");
    lines.add("  use it:    drover lab exec%s %s -- ip addr".formatted(option, host));
    lines.add("  remove it: drover lab down%s".formatted(option));
    return lines;
  }

  private static String more(NodeStatus node) {
    if (!node.socket().isEmpty()) {
      return "%s  agent %s  --agent %s".formatted(node.address(), node.agent(), node.socket());
    }
    return node.agent().equals("none") ? node.address() : node.address() + "  " + node.agent();
  }
}
