package io.drover.cli;

import io.drover.api.MigrationView;
import io.drover.model.ByteRate;
import io.drover.model.ByteSize;
import io.drover.model.TimeSpan;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A bar that moves on a terminal; elsewhere a line for each phase and each tenth. */
final class Progress {
  private static final int BAR = 24;
  private static final int LEAST_COLUMNS = 60;

  private final Terminal terminal;
  private final PrintWriter out;
  private String lastPhase = "";
  private int lastTenth = -1;

  Progress(Terminal terminal, PrintWriter out) {
    this.terminal = terminal;
    this.out = out;
  }

  void show(MigrationView view) {
    if (terminal.isInteractive()) {
      out.print("\r" + clip(bar(view)) + "\u001b[K");
      out.flush();
      return;
    }
    int tenth = (int) (view.progress() * 10);
    if (!view.phase().equals(lastPhase) || tenth > lastTenth) {
      lastPhase = view.phase();
      lastTenth = tenth;
      out.println(plain(view));
      out.flush();
    }
  }

  /** Takes the bar away. */
  void clear() {
    if (terminal.isInteractive()) {
      out.print("\r\u001b[K");
      out.flush();
    }
  }

  private String bar(MigrationView view) {
    int done = (int) Math.round(Math.clamp(view.progress(), 0, 1) * BAR);
    String head = view.guest() + " -> " + view.target();
    String room = terminal.columns() < LEAST_COLUMNS ? "" : meter(done) + " ";
    return Safe.text(head + " " + room + String.join(", ", words(view)));
  }

  private static String meter(int done) {
    return "[" + "#".repeat(done) + "-".repeat(BAR - done) + "]";
  }

  private static String plain(MigrationView view) {
    return Safe.text(view.guest() + " -> " + view.target() + ": " + String.join(", ", words(view)));
  }

  private static List<String> words(MigrationView view) {
    List<String> words = new ArrayList<>();
    words.add("%d %%".formatted((int) (Math.clamp(view.progress(), 0, 1) * 100)));
    words.add(view.mode().equals("auto") ? view.phase() : view.phase() + " (" + view.mode() + ")");
    if (view.bytesPerSecond() > 0) {
      words.add(new ByteRate(view.bytesPerSecond()).toString());
    }
    if (view.remainingBytes() > 0) {
      words.add(new ByteSize(view.remainingBytes()) + " to go");
    }
    view.etaSeconds()
        .ifPresent(
            eta ->
                words.add(
                    TimeSpan.text(Duration.ofMillis(Math.max(0, Math.round(eta * 1000))))
                        + " left"));
    return words;
  }

  private String clip(String line) {
    return line.length() < terminal.columns() ? line : line.substring(0, terminal.columns() - 1);
  }
}
