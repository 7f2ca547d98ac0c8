package io.drover.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Rows under headings, as wide as they need. A heading that starts with '>' aligns right. */
final class Table {
  private final List<String> headings;
  private final List<List<Cell>> rows = new ArrayList<>();

  private record Cell(String text, UnaryOperator<String> paint) {}

  Table(String... headings) {
    this.headings = List.of(headings);
  }

  Table row(Object... cells) {
    List<Cell> row = new ArrayList<>();
    for (Object cell : cells) {
      row.add(
          cell instanceof Cell painted
              ? painted
              : new Cell(Safe.text(String.valueOf(cell)), UnaryOperator.identity()));
    }
    if (row.size() != headings.size()) {
      throw new IllegalStateException("%d cells under %s".formatted(row.size(), headings));
    }
    rows.add(row);
    return this;
  }

  /** A cell in colour; colour takes no room. */
  static Object painted(String text, UnaryOperator<String> paint) {
    return new Cell(Safe.text(text), paint);
  }

  List<String> lines(Terminal terminal) {
    int[] widths = new int[headings.size()];
    for (int column = 0; column < widths.length; column++) {
      widths[column] = heading(column).length();
      for (List<Cell> row : rows) {
        widths[column] = Math.max(widths[column], row.get(column).text().length());
      }
    }
    List<String> lines = new ArrayList<>();
    List<Cell> top = new ArrayList<>();
    for (int column = 0; column < widths.length; column++) {
      top.add(new Cell(heading(column), terminal::faint));
    }
    lines.add(line(top, widths));
    rows.forEach(row -> lines.add(line(row, widths)));
    return lines;
  }

  private String line(List<Cell> row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < widths.length; column++) {
      Cell cell = row.get(column);
      String padding = " ".repeat(widths[column] - cell.text().length());
      String painted = cell.text().isEmpty() ? "" : cell.paint().apply(cell.text());
      boolean last = column == widths.length - 1;
      line.append(isRight(column) ? padding + painted : painted + (last ? "" : padding));
      line.append(last ? "" : "  ");
    }
    return line.toString().stripTrailing();
  }

  private boolean isRight(int column) {
    return headings.get(column).startsWith(">");
  }

  private String heading(int column) {
    String heading = headings.get(column);
    return isRight(column) ? heading.substring(1) : heading;
  }
}
