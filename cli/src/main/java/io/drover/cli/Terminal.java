package io.drover.cli;

import java.io.Console;
import java.util.Map;
import java.util.Optional;

/**
 * What standard output can show.
 *
 * @param columns 0 when it is no terminal
 */
public record Terminal(int columns, Colours colours) {

  /** Whether words may be coloured. */
  public enum Colours {
    PLAIN,
    ANSI
  }

  /** Neither progress nor colours. */
  public static final Terminal NONE = new Terminal(0, Colours.PLAIN);

  private static final int DEFAULT_COLUMNS = 80;

  /**
   * Reads {@code DROVER_TERMINAL_COLUMNS}, which the launcher sets because a shell can ask cheaply
   * and exactly; without the launcher, Java is asked.
   */
  public static Terminal detect(Map<String, String> environment) {
    String columns = environment.getOrDefault("DROVER_TERMINAL_COLUMNS", "");
    if (columns.equals("0") || (columns.isEmpty() && !javaSeesTerminal())) {
      return NONE;
    }
    boolean plain =
        !environment.getOrDefault("NO_COLOR", "").isEmpty()
            || environment.getOrDefault("TERM", "dumb").equals("dumb");
    return new Terminal(
        columns.matches("[1-9][0-9]{1,3}") ? Integer.parseInt(columns) : DEFAULT_COLUMNS,
        plain ? Colours.PLAIN : Colours.ANSI);
  }

  private static boolean javaSeesTerminal() {
    return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
  }

  boolean isInteractive() {
    return columns > 0;
  }

  String good(String text) {
    return coloured("32", text);
  }

  String bad(String text) {
    return coloured("31", text);
  }

  String warning(String text) {
    return coloured("33", text);
  }

  String strong(String text) {
    return coloured("1", text);
  }

  String faint(String text) {
    return coloured("2", text);
  }

  private String coloured(String code, String text) {
    return switch (colours) {
      case PLAIN -> text;
      case ANSI -> "\u001b[" + code + "m" + text + "\u001b[0m";
    };
  }
}
