package io.drover.lab;

import io.drover.api.MigrationView;
import io.drover.model.ByteRate;
import io.drover.model.ByteSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What {@code drover demo --json} ends with.
 *
 * @param downtimeMillis as the agents saw it; absent when there was no switch
 * @param clientGapMillis the longest time without an answer to pings sent every 10 ms
 * @param quietGapMillis the same before the move
 * @param linkBytes what crossed the migration link, headers included
 * @param memoryVerified a whole sweep that began after the move found every byte right
 * @param kept the lab's name when it stays
 */
record DemoReport(
    String outcome,
    String mode,
    String reason,
    String transport,
    double totalMillis,
    Optional<Double> downtimeMillis,
    double clientGapMillis,
    double quietGapMillis,
    long bytesSent,
    long linkBytes,
    double linkMegabitsPerSecond,
    long guestMemoryBytes,
    int passes,
    boolean memoryVerified,
    long memoryErrors,
    long memorySweeps,
    List<String> faults,
    List<String> leftovers,
    Optional<String> kept,
    Optional<String> problem) {
  /** Fits the terminals that people have; a word is never cut. */
  private static final int WIDTH = 80;

  private static final int LABELLED = 16;

  static DemoReport of(MeasuredMove move, List<String> leftovers, Optional<String> kept) {
    MigrationView view = move.migration();
    return new DemoReport(
        view.outcome().orElse("unknown"),
        view.mode(),
        view.reason(),
        view.transport(),
        tenth(move.totalMillis()),
        view.downtimeMillis().map(DemoReport::tenth),
        tenth(move.clientGapMillis()),
        tenth(move.quietGapMillis()),
        view.bytesSent(),
        move.linkBytes(),
        tenth(move.linkMegabitsPerSecond()),
        view.memoryBytes(),
        view.passes(),
        move.memoryVerified(),
        move.memoryErrors(),
        move.memory().map(MemoryStatus::sweeps).orElse(0L),
        move.faults(),
        leftovers,
        kept,
        view.problem().map(problem -> problem.problem().toString()));
  }

  private static double tenth(double value) {
    return Math.round(value * 10) / 10.0;
  }

  /** Everything went as it should. */
  boolean good() {
    return outcome.equals("completed") && memoryErrors == 0 && leftovers.isEmpty();
  }

  List<String> summary(String load) {
    List<String> lines = new ArrayList<>();
    lines.add("");
    if (outcome.equals("completed")) {
      lines.add(
          String.format(
              Locale.ROOT,
              "  The guest moved in %.1f s; its users waited %.0f ms.",
              totalMillis / 1000,
              clientGapMillis));
    } else {
      lines.add(
          "  The move ended as '%s'%s"
              .formatted(outcome, problem.map(text -> ": " + text).orElse(".")));
    }
    lines.add("");
    row(lines, "load", load);
    row(lines, "mode", mode + (reason.isEmpty() ? "" : ": " + reason));
    row(lines, "transport", transport);
    downtimeMillis.ifPresent(
        millis -> row(lines, "stood still", String.format(Locale.ROOT, "%.1f ms", millis)));
    row(
        lines,
        "client saw",
        String.format(
            Locale.ROOT,
            "%.1f ms of silence (%.1f ms before the move)",
            clientGapMillis,
            quietGapMillis));
    row(
        lines,
        "sent",
        "%s of a guest of %s".formatted(new ByteSize(bytesSent), new ByteSize(guestMemoryBytes)));
    row(
        lines,
        "link",
        "%s at %s"
            .formatted(
                new ByteSize(linkBytes), new ByteRate((long) (linkMegabitsPerSecond * 1e6 / 8))));
    row(lines, "memory", memorySentence());
    row(lines, "left behind", leftovers.isEmpty() ? "nothing" : String.join("; ", leftovers));
    kept.ifPresent(
        name -> {
          String option = name.equals(LabName.DEFAULT) ? "" : " --name " + name;
          lines.add("");
          lines.add("  The lab is still up.");
          lines.add("    ./drover lab status        shows it and how to ask its agents");
          lines.add("    ./drover lab exec%s beta -- /bin/sh".formatted(option));
          lines.add("    ./drover lab down%s   removes it".formatted(option));
        });
    lines.add("");
    return lines;
  }

  private String memorySentence() {
    if (memoryErrors > 0) {
      return "%d errors! %s".formatted(memoryErrors, faults.isEmpty() ? "" : faults.getFirst());
    }
    return memoryVerified
        ? "every byte of the load verified by a whole sweep after the move"
        : "this load does not check itself; no complaint";
  }

  private static void row(List<String> lines, String label, String text) {
    StringBuilder line = new StringBuilder("    %-12s".formatted(label));
    for (String word : text.split(" ", -1)) {
      if (line.length() + 1 + word.length() > WIDTH && !line.toString().isBlank()) {
        lines.add(line.toString());
        line = new StringBuilder(" ".repeat(LABELLED));
      }
      line.append(' ').append(word);
    }
    lines.add(line.toString());
  }
}
