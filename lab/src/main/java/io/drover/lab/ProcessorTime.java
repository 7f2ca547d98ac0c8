package io.drover.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Processor time of everything that runs on the hosts of a lab, each for itself. What ended counts,
 * too: its parent, at the latest PID 1 of the host, has the sum of its ended children.
 */
final class ProcessorTime {
  /** USER_HZ, the same on every architecture that matters. */
  private static final long TICKS_PER_SECOND = 100;

  private final Lab lab;
  private final Map<String, Long> before = new HashMap<>();

  ProcessorTime(Lab lab) {
    this.lab = lab;
    for (NodeRecord host : lab.record().hosts()) {
      before.put(host.name(), ticks(host));
    }
  }

  /** Since this was made. */
  Duration spent(String host) {
    long ticks = ticks(lab.node(host).record()) - before.getOrDefault(host, 0L);
    return Duration.ofMillis(ticks * 1000 / TICKS_PER_SECOND);
  }

  private static long ticks(NodeRecord host) {
    Node node = new Node(host);
    List<Long> all =
        java.util.stream.Stream.concat(
                java.util.stream.Stream.of(host.init().pid()),
                node.processes().stream().map(ProcessIdentity::pid))
            .toList();
    long ticks = 0;
    for (long pid : all) {
      ticks += ticks(pid);
    }
    return ticks;
  }

  private static long ticks(long pid) {
    try {
      return ticks(Files.readString(Path.of("/proc/" + pid + "/stat")));
    } catch (IOException gone) {
      return 0; // its parent has it now
    }
  }

  /** User and system time, of the process and of its children that ended. */
  static long ticks(String stat) {
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    long ticks = 0;
    for (int field = 11; field <= 14; field++) {
      ticks += Long.parseLong(fields[field]);
    }
    return ticks;
  }
}
