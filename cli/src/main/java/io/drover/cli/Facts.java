package io.drover.cli;

import java.util.ArrayList;
import java.util.List;

/** Words on the left, what is so on the right. */
final class Facts {
  private final Terminal terminal;
  private final List<String[]> facts = new ArrayList<>();

  Facts(Terminal terminal) {
    this.terminal = terminal;
  }

  Facts add(String word, String fact) {
    facts.add(new String[] {word, Safe.text(fact)});
    return this;
  }

  List<String> lines() {
    int width = facts.stream().mapToInt(fact -> fact[0].length()).max().orElse(0);
    List<String> lines = new ArrayList<>();
    for (String[] fact : facts) {
      String head = "  " + terminal.faint(fact[0]) + " ".repeat(width - fact[0].length() + 2);
      lines.addAll(Wrapped.after(head, width + 4, fact[1], terminal));
    }
    return lines;
  }
}
