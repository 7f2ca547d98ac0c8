package io.drover.lab;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** Processor time of everything that runs on the hosts of a lab, each for itself. */
final class ProcessorTime {
  /** USER_HZ, the same on every architecture that matters. */
  private static final long TICKS_PER_SECOND = 100;

  private final Lab lab;
  private final Map<String, Map<ProcessIdentity, Long>> before = new HashMap<>();
  private final Map<String, Map<ProcessIdentity, Long>> latest = new HashMap<>();

  ProcessorTime(Lab lab) {
    this.lab = lab;
    read(before);
  }

  /** Look from time to time: a process that ends takes its account with it. */
  void look() {
    read(latest);
  }

  /** Since this was made, up to the last look. */
  Duration spent(String host) {
    long ticks = 0;
    for (var entry : latest.getOrDefault(host, Map.of()).entrySet()) {
      ticks +=
          entry.getValue() - before.getOrDefault(host, Map.of()).getOrDefault(entry.getKey(), 0L);
    }
    return Duration.ofMillis(ticks * 1000 / TICKS_PER_SECOND);
  }

  private void read(Map<String, Map<ProcessIdentity, Long>> into) {
    for (NodeRecord host : lab.record().hosts()) {
      Map<ProcessIdentity, Long> ticks = into.computeIfAbsent(host.name(), _ -> new HashMap<>());
      for (ProcessIdentity process : new Node(host).processes()) {
        ProcessIdentity.stat(process.pid())
            .ifPresent(
                fields ->
                    ticks.put(process, Long.parseLong(fields[11]) + Long.parseLong(fields[12])));
      }
    }
  }
}
