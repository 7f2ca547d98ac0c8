package io.drover.lab;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** Processor time of everything that runs on some nodes; processes that ended count until seen. */
final class ProcessorTime {
  /** USER_HZ, the same on every architecture that matters. */
  private static final long TICKS_PER_SECOND = 100;

  private final Lab lab;
  private final Map<ProcessIdentity, Long> before = new HashMap<>();
  private final Map<ProcessIdentity, Long> latest = new HashMap<>();

  ProcessorTime(Lab lab) {
    this.lab = lab;
    read(before);
  }

  /** Look from time to time: a process that ends takes its account with it. */
  void look() {
    read(latest);
  }

  Duration spent() {
    long ticks = 0;
    for (var entry : latest.entrySet()) {
      ticks += entry.getValue() - before.getOrDefault(entry.getKey(), 0L);
    }
    return Duration.ofMillis(ticks * 1000 / TICKS_PER_SECOND);
  }

  private void read(Map<ProcessIdentity, Long> into) {
    for (NodeRecord host : lab.record().hosts()) {
      for (ProcessIdentity process : new Node(host).processes()) {
        ProcessIdentity.stat(process.pid())
            .ifPresent(
                fields ->
                    into.put(process, Long.parseLong(fields[11]) + Long.parseLong(fields[12])));
      }
    }
  }
}
