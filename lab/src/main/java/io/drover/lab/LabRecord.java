package io.drover.lab;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * What a lab writes down, so that other commands find it and leftovers can be removed.
 *
 * @param topology as its networks behave now
 * @param cut links that are cut now
 */
record LabRecord(
    String name,
    ProcessIdentity owner,
    Keeping keeping,
    Topology topology,
    List<NodeRecord> nodes,
    Set<String> cut) {

  enum Keeping {
    /** Ends with its owner; also every lab while it is being built. */
    OWNED,
    /** Stays until {@code drover lab down}. */
    KEPT
  }

  /** Short: the paths of unix sockets below it may have 107 characters. */
  static final Path ROOT = Path.of("/run/drover-lab");

  LabRecord {
    Objects.requireNonNull(topology, "of another version of Drover");
    nodes = List.copyOf(nodes);
    cut = Set.copyOf(cut);
  }

  static Path folder(String name) {
    return ROOT.resolve(name);
  }

  Optional<NodeRecord> node(String wanted) {
    return nodes.stream().filter(node -> node.name().equals(wanted)).findFirst();
  }

  NodeRecord only(Machine.Role role) {
    return nodes.stream()
        .filter(node -> node.role() == role)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("lab " + name + " has no " + role));
  }

  List<NodeRecord> hosts() {
    return nodes.stream().filter(node -> node.role() == Machine.Role.HOST).toList();
  }

  /** Nobody will come back for it. */
  boolean isLeftover() {
    return switch (keeping) {
      case OWNED -> !owner.alive();
      case KEPT -> nodes.stream().noneMatch(node -> node.init().alive());
    };
  }

  LabRecord withNodes(List<NodeRecord> now) {
    return new LabRecord(name, owner, keeping, topology, now, cut);
  }

  LabRecord withKeeping(Keeping now) {
    return new LabRecord(name, owner, now, topology, nodes, cut);
  }

  LabRecord withTopology(Topology now) {
    return new LabRecord(name, owner, keeping, now, nodes, cut);
  }

  LabRecord withCut(Set<String> now) {
    return new LabRecord(name, owner, keeping, topology, nodes, now);
  }
}
