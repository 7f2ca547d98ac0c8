package io.drover.lab;

import io.drover.model.Problem;
import java.util.List;
import java.util.Optional;

/** One node's connection to one network: what can be cut. */
record LabLink(String node, Network network) {
  enum Network {
    MIGRATION("migration"),
    GUEST("guests");

    private final String word;

    Network(String word) {
      this.word = word;
    }
  }

  @Override
  public String toString() {
    return node + "." + network.word;
  }

  /** Reads {@code alpha} (all of its links), {@code alpha.migration} or {@code alpha.guests}. */
  static List<LabLink> parse(String text, LabRecord lab) {
    String[] parts = text.split("\\.", 2);
    Optional<NodeRecord> node =
        lab.node(parts[0]).filter(found -> found.role() != NodeRecord.Role.FABRIC);
    List<LabLink> all =
        node.map(
                found ->
                    found.role() == NodeRecord.Role.CLIENT
                        ? List.of(new LabLink(found.name(), Network.GUEST))
                        : List.of(
                            new LabLink(found.name(), Network.MIGRATION),
                            new LabLink(found.name(), Network.GUEST)))
            .orElse(List.of());
    List<LabLink> wanted =
        parts.length == 1
            ? all
            : all.stream().filter(link -> link.network.word.equals(parts[1])).toList();
    if (wanted.isEmpty()) {
      throw Problem.unknown(
              "no-such-link",
              "Lab %s has no link '%s'".formatted(lab.name(), text),
              "Name a host or the client, or one link such as alpha.migration or alpha.guests.")
          .asException();
    }
    return wanted;
  }
}
