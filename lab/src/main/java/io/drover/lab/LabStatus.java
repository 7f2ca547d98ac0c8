package io.drover.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A lab as {@code drover lab status} shows it. */
record LabStatus(
    String name,
    String folder,
    String keeping,
    String link,
    String shape,
    Set<String> cut,
    List<NodeStatus> nodes) {

  /**
   * One node.
   *
   * @param agent "running", "stopped", or "none" where there never was one
   * @param socket the agent's local API, for {@code drover --agent}
   */
  record NodeStatus(
      String name,
      String role,
      String state,
      String agent,
      String migrationAddress,
      String socket,
      long pid) {}

  static LabStatus of(Lab lab) {
    LabRecord record = lab.record();
    List<NodeStatus> nodes = new ArrayList<>();
    for (NodeRecord node : record.nodes()) {
      boolean host = node.role() == NodeRecord.Role.HOST;
      nodes.add(
          new NodeStatus(
              node.name(),
              node.role().name().toLowerCase(java.util.Locale.ROOT),
              node.init().alive() ? "up" : "gone",
              host ? LabAgents.state(lab, node.name()) : "none",
              host ? AddressPlan.host(node.index()) : "",
              host ? LabAgents.socket(lab, node.name()).toString() : "",
              node.init().pid()));
    }
    return new LabStatus(
        record.name(),
        lab.folder().toString(),
        record.keeping().name().toLowerCase(java.util.Locale.ROOT),
        record.link() == LabRecord.LinkKind.KERNEL ? "kernel" : "user-space",
        record.shape().describe(),
        record.cut(),
        nodes);
  }

  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("Lab %s (%s link: %s)".formatted(name, link, shape));
    for (NodeStatus node : nodes) {
      lines.add(
          "  %-10s %-6s %-4s%s"
              .formatted(
                  node.name(),
                  node.role(),
                  node.state(),
                  node.socket().isEmpty()
                      ? ""
                      : "  agent %s  %s  --agent %s"
                          .formatted(node.agent(), node.migrationAddress(), node.socket())));
    }
    for (String link : cut) {
      lines.add("  cut: " + link);
    }
    String option = name.equals(LabName.DEFAULT) ? "" : " --name " + name;
    lines.add("  use it:    drover lab exec%s alpha -- ip addr".formatted(option));
    lines.add("  remove it: drover lab down%s".formatted(option));
    return lines;
  }
}
