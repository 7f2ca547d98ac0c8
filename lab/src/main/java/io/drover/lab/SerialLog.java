package io.drover.lab;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Follows a guest's serial line as one host wrote it to a file. A guest that moves leaves one such
 * file on each host.
 *
 * <p>Threads: one.
 */
final class SerialLog {
  /** What the kernel says when memory is not what it was, and the loads when theirs is not. */
  private static final Pattern FAULT =
      Pattern.compile(
          "Kernel panic|Oops|BUG: |general protection|segfault|Bad page|DROVER mem-error"
              + "|DROVER mem-failed|DROVER disk-error|DROVER disk-failed|I/O error|DROVER net-failed"
              + "|DROVER load-ended|stress-ng: (fail|error)"
              + "|stress: FAIL|Out of memory");

  private static final Pattern ALIVE =
      Pattern.compile("DROVER alive t=[0-9]+ processes=([0-9]{1,6}) ok");
  private static final int MAX_KEPT_FAULTS = 50;

  private final Path file;
  private final StringBuilder partial = new StringBuilder();
  private final List<String> faults = new ArrayList<>();
  private long offset;
  private boolean ready;
  private boolean loaded;
  private Optional<MemoryStatus> memory = Optional.empty();
  private Optional<ProbedReads> probed = Optional.empty();
  private long probes;
  private long lines;
  private int busyProcesses;
  private boolean serves;
  private Optional<SilentTraffic> silent = Optional.empty();

  SerialLog(Path file) {
    this.file = file;
  }

  /** Reads what came since the last time; a file that is not there yet is empty. */
  void refresh() {
    if (!Files.exists(file)) {
      return;
    }
    try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
      if (in.length() < offset) {
        offset = 0; // a new guest of the same name began anew
        partial.setLength(0);
      }
      in.seek(offset);
      byte[] buffer = new byte[64 * 1024];
      for (int count = in.read(buffer); count > 0; count = in.read(buffer)) {
        offset += count;
        accept(new String(buffer, 0, count, StandardCharsets.ISO_8859_1));
      }
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** Whether the guest came up and began its load. */
  boolean ready() {
    return ready;
  }

  /** Whether the load has all the memory that it wants. */
  boolean loaded() {
    return loaded;
  }

  Optional<MemoryStatus> memory() {
    return memory;
  }

  /** What the timed reads said last. */
  Optional<ProbedReads> probed() {
    return probed;
  }

  /** How often they said something on this host. */
  long probes() {
    return probes;
  }

  /** Kernel panics and what else shows that the guest is not well, in order. */
  List<String> faults() {
    return List.copyOf(faults);
  }

  /** Whole lines read so far: grows while the guest lives. */
  long lines() {
    return lines;
  }

  /** Whether it answers the network probes. */
  boolean serves() {
    return serves;
  }

  /** What it took in without an answer, as it said last on this host. */
  Optional<SilentTraffic> silentTraffic() {
    return silent;
  }

  /** Processes of stress or stress-ng that the guest counts. */
  int busyProcesses() {
    return busyProcesses;
  }

  void accept(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n') {
        line(partial.toString().strip());
        partial.setLength(0);
      } else if (partial.length() < 4096) {
        partial.append(c);
      }
    }
  }

  private void line(String line) {
    lines++;
    if (line.startsWith("DROVER ready ") && line.endsWith(" ok")) {
      ready = true;
    }
    if (line.startsWith("DROVER mem-ready") || line.startsWith("DROVER touch ")) {
      loaded = true;
    }
    if (line.equals("DROVER net-ready ok")) {
      serves = true;
    }
    SilentTraffic.parse(line).ifPresent(status -> silent = Optional.of(status));
    Matcher alive = ALIVE.matcher(line);
    if (alive.matches()) {
      busyProcesses = Integer.parseInt(alive.group(1));
    }
    if (FAULT.matcher(line).find() && faults.size() < MAX_KEPT_FAULTS) {
      faults.add(line);
    }
    MemoryStatus.parse(line).ifPresent(status -> memory = Optional.of(status));
    Optional<ProbedReads> reads = ProbedReads.parse(line);
    if (reads.isPresent()) {
      probed = reads;
      probes++;
    }
  }
}
