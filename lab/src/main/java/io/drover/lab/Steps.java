package io.drover.lab;

import io.drover.api.MigrationView;
import io.drover.model.ByteRate;
import io.drover.model.ByteSize;
import java.io.Console;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Tells a person what happens: a line per step with its time; on a terminal the step under way is
 * shown as well, and a migration as a bar.
 */
final class Steps {
  private static final int BAR_CELLS = 30;

  private final PrintWriter out;
  private final Style style;
  private String current = "";
  private String context = "";
  private long startedNanos;

  enum Style {
    /** Colours, and lines that are drawn again. */
    TERMINAL,
    PLAIN
  }

  Steps(PrintWriter out, Style style) {
    this.out = out;
    this.style = style;
  }

  /** A terminal only where there is one and it wants no plain text. */
  static Style styleOf(Map<String, String> environment) {
    // The launcher has looked already, more exactly than Java can.
    String columns = environment.getOrDefault("DROVER_TERMINAL_COLUMNS", "");
    boolean terminal =
        columns.isEmpty()
            ? Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent()
            : !columns.equals("0");
    return terminal
            && environment.getOrDefault("NO_COLOR", "").isEmpty()
            && !environment.getOrDefault("TERM", "dumb").equals("dumb")
        ? Style.TERMINAL
        : Style.PLAIN;
  }

  void begin(String step) {
    current = step;
    context = "";
    startedNanos = System.nanoTime();
    redraw("  … " + step);
  }

  /** What stands before a migration's bar while the step is under way. */
  void context(String text) {
    context = text + "  ";
  }

  /** More about the step under way. */
  void detail(String text) {
    redraw("  … " + current + ": " + text);
  }

  void done(String result) {
    finish(style == Style.TERMINAL ? "\u001b[32m✔\u001b[0m" : "✔", result);
    current = "";
  }

  void failed(String result) {
    finish(style == Style.TERMINAL ? "\u001b[31m✘\u001b[0m" : "✘", result);
    current = "";
  }

  /** Says that the step under way did not end well, if there is one. */
  void abandoned() {
    if (!current.isEmpty()) {
      failed(current);
    }
  }

  private void finish(String mark, String result) {
    double seconds = (System.nanoTime() - startedNanos) / 1e9;
    String line = String.format(Locale.ROOT, "  %s %-66s %6.1f s", mark, result, seconds);
    out.println(style == Style.TERMINAL ? "\r\u001b[K" + line : line);
    out.flush();
  }

  void line(String text) {
    out.println(text);
    out.flush();
  }

  void migration(MigrationView view) {
    redraw("  " + context + bar(view));
  }

  static String bar(MigrationView view) {
    int full = (int) Math.round(Math.clamp(view.progress(), 0, 1) * BAR_CELLS);
    StringBuilder text =
        new StringBuilder("▕")
            .append("█".repeat(full))
            .append("·".repeat(BAR_CELLS - full))
            .append(
                String.format(
                    Locale.ROOT,
                    "▏ %3.0f %%  %s  %s",
                    Math.clamp(view.progress(), 0, 1) * 100,
                    view.phase(),
                    new ByteSize(Math.max(0, view.bytesSent()))));
    if (view.bytesPerSecond() > 0) {
      text.append("  ").append(new ByteRate(view.bytesPerSecond()));
    }
    view.etaSeconds()
        .ifPresent(eta -> text.append(String.format(Locale.ROOT, "  %.0f s left", eta)));
    return text.toString();
  }

  private void redraw(String line) {
    if (style == Style.TERMINAL) {
      // Without wrapping: what does not fit a narrow terminal is cut, for a second line would stay.
      out.print("\r\u001b[K\u001b[?7l" + line + "\u001b[?7h");
      out.flush();
    }
  }
}
