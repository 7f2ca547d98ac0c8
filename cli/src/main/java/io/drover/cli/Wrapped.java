package io.drover.cli;

import java.util.ArrayList;
import java.util.List;

/** Sentences cut between words, so that a terminal does not cut them within one. */
final class Wrapped {
  /** Narrower than this, a terminal may as well cut for itself. */
  private static final int LEAST_COLUMNS = 20;

  private Wrapped() {}

  /**
   * The text in lines; whoever prints it has put {@code indent} columns before each. What is not
   * read on a terminal stays whole, for programs.
   */
  static List<String> lines(String text, int indent, Terminal terminal) {
    int width = terminal.columns() - indent;
    if (!terminal.isInteractive() || width < LEAST_COLUMNS || text.length() <= width) {
      return List.of(text);
    }
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  /** The text after a head of so many visible columns, further lines set in as far. */
  static List<String> after(String head, int columns, String text, Terminal terminal) {
    List<String> lines = new ArrayList<>();
    for (String line : lines(text, columns, terminal)) {
      lines.add((lines.isEmpty() ? head : " ".repeat(columns)) + line);
    }
    return lines;
  }
}
