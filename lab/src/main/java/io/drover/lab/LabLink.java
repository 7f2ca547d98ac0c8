package io.drover.lab;

import io.drover.model.Problem;
import java.util.ArrayList;
import java.util.List;

/**
 * One machine's connection to one network: what can be cut.
 *
 * @param attachment which of its cards that is
 */
record LabLink(String node, String network, int attachment) {
  @Override
  public String toString() {
    return node + "." + network;
  }

  /** Reads {@code alpha} (all of its links) or {@code alpha.migration}. */
  static List<LabLink> parse(String text, LabRecord lab) {
    String[] parts = text.split("\\.", 2);
    List<LabLink> wanted = new ArrayList<>();
    lab.node(parts[0])
        .ifPresent(
            node -> {
              List<Machine.Attachment> cards = node.machine().attachments();
              for (int i = 0; i < cards.size(); i++) {
                if (parts.length == 1 || cards.get(i).network().equals(parts[1])) {
                  wanted.add(new LabLink(node.name(), cards.get(i).network(), i));
                }
              }
            });
    if (wanted.isEmpty()) {
      throw Problem.unknown(
              "no-such-link",
              "Lab %s has no link '%s'".formatted(lab.name(), text),
              "Name a machine, or one of its links such as alpha.%s."
                  .formatted(lab.topology().shaped()))
          .asException();
    }
    return wanted;
  }
}
