package io.drover.lab;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a lab writes down, so that other commands find it and leftovers can be removed.
 *
 * @param link what makes the migration link
 * @param cut links that are cut now
 */
record LabRecord(
    String name,
    ProcessIdentity owner,
    Keeping keeping,
    LinkKind link,
    LinkShape shape,
    List<NodeRecord> nodes,
    Set<String> cut) {

  enum Keeping {
    /** Ends with its owner; also every lab while it is being built. */
    OWNED,
    /** Stays until {@code drover lab down}. */
    KEPT
  }

  enum LinkKind {
    /** A bridge between veth pairs, shaped by tc. */
    KERNEL,
    /** Drover's own link process. */
    USER_SPACE
  }

  /** Short: the paths of unix sockets below it may have 107 characters. */
  static final Path ROOT = Path.of("/run/drover-lab");

  LabRecord {
    nodes = List.copyOf(nodes);
    cut = Set.copyOf(cut);
  }

  static Path folder(String name) {
    return ROOT.resolve(name);
  }

  Optional<NodeRecord> node(String wanted) {
    return nodes.stream().filter(node -> node.name().equals(wanted)).findFirst();
  }

  NodeRecord only(NodeRecord.Role role) {
    return nodes.stream()
        .filter(node -> node.role() == role)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("lab " + name + " has no " + role));
  }

  List<NodeRecord> hosts() {
    return nodes.stream().filter(node -> node.role() == NodeRecord.Role.HOST).toList();
  }

  /** Nobody will come back for it. */
  boolean isLeftover() {
    return switch (keeping) {
      case OWNED -> !owner.alive();
      case KEPT -> nodes.stream().noneMatch(node -> node.init().alive());
    };
  }

  LabRecord withNodes(List<NodeRecord> now) {
    return new LabRecord(name, owner, keeping, link, shape, now, cut);
  }

  LabRecord withKeeping(Keeping now) {
    return new LabRecord(name, owner, now, link, shape, nodes, cut);
  }

  LabRecord withShape(LinkShape now) {
    return new LabRecord(name, owner, keeping, link, now, nodes, cut);
  }

  LabRecord withCut(Set<String> now) {
    return new LabRecord(name, owner, keeping, link, shape, nodes, now);
  }
}
