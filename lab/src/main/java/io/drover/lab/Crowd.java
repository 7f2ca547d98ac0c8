package io.drover.lab;

import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.model.ByteSize;
import io.drover.model.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Many guests that move at once, slowly enough that the agents can be looked at meanwhile. */
final class Crowd {
  private static final ByteSize GUEST_MEMORY = ByteSize.ofMebibytes(160);
  private static final int TOUCHED_MEBIBYTES = 48;
  private static final long BYTES_PER_SECOND_EACH = 8_000_000;
  private static final Pattern USED =
      Pattern.compile("(?m)^(?!.*(?:Metaspace|class space)).*used ([0-9]+)K");
  private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+([0-9]+) kB");

  private final Lab lab;
  private final HostControl source;
  private final GuestImage image;
  private final int guests;

  Crowd(Lab lab, HostControl.Factory agents, GuestImage image, int guests) {
    this.lab = lab;
    this.source = agents.at(LabAgents.socket(lab, "alpha"));
    this.image = image;
    this.guests = guests;
  }

  /** The most that each agent used while all guests were on their way. */
  Map<String, Map<Measure, Double>> memoryOfAgents() {
    List<MigrationView> moves = new ArrayList<>();
    for (int i = 0; i < guests; i++) {
      LabGuest guest =
          new LabGuest(
              lab, image, "g" + i, i, new Workload.Touched(TOUCHED_MEBIBYTES), GUEST_MEMORY);
      source.startGuest(guest.spec());
      guest.awaitLoaded("alpha");
    }
    for (int i = 0; i < guests; i++) {
      moves.add(
          source.migrate(
              new MigrationRequest(
                  "g" + i,
                  "beta",
                  Optional.of("precopy"),
                  Optional.of("tunnel"),
                  Optional.of(BYTES_PER_SECOND_EACH),
                  Optional.empty(),
                  Optional.empty(),
                  Optional.empty())));
    }
    Map<String, Map<Measure, Double>> most = new LinkedHashMap<>();
    boolean sawAll = false;
    long deadline = System.nanoTime() + Duration.ofMinutes(5).toNanos();
    while (true) {
      List<MigrationView> now = moves.stream().map(move -> source.migration(move.id())).toList();
      long running = now.stream().filter(move -> move.outcome().isEmpty()).count();
      sawAll |= now.stream().filter(move -> move.phase().equals("copy")).count() == guests;
      for (String host : List.of("alpha", "beta")) {
        memory(host)
            .forEach(
                (measure, value) ->
                    most.computeIfAbsent(host, _ -> new EnumMap<>(Measure.class))
                        .merge(measure, value, Math::max));
      }
      if (running == 0 || System.nanoTime() > deadline) {
        long completed =
            now.stream().filter(move -> move.outcome().equals(Optional.of("completed"))).count();
        if (!sawAll || completed < guests) {
          throw Problem.migration(
                  "bench-crowd",
                  "%d of %d guests arrived; all at once under way: %s"
                      .formatted(completed, guests, sawAll),
                  "")
              .asException();
        }
        return most;
      }
      try {
        Thread.sleep(200);
      } catch (InterruptedException interruption) {
        throw Programs.interrupted(interruption);
      }
    }
  }

  private Map<Measure, Double> memory(String host) {
    Map<Measure, Double> values = new EnumMap<>(Measure.class);
    Node node = lab.node(host);
    for (ProcessIdentity process : node.processes()) {
      if (!Leftovers.command(process.pid()).equals("java")) {
        continue;
      }
      try {
        String status = Files.readString(Path.of("/proc/" + process.pid() + "/status"));
        Matcher resident = RESIDENT.matcher(status);
        if (resident.find()) {
          values.put(Measure.RESIDENT, Long.parseLong(resident.group(1)) / 1024.0);
        }
        values.put(Measure.HEAP, heapMebibytes(node, insideId(status)));
      } catch (IOException gone) {
        throw Problem.migration("bench-agent", "The agent of " + host + " ended", "")
            .asException(gone);
      }
    }
    return values;
  }

  /** The process's id in its own namespace, the last one of the list. */
  private static String insideId(String status) {
    Matcher ids = Pattern.compile("NSpid:.*?([0-9]+)\\n").matcher(status);
    if (!ids.find()) {
      throw new IllegalStateException("no NSpid in " + status);
    }
    return ids.group(1);
  }

  private static double heapMebibytes(Node node, String id) {
    String info =
        node.run(
            Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), id, "GC.heap_info");
    return parseUsedKibibytes(info) / 1024.0;
  }

  static long parseUsedKibibytes(String info) {
    Matcher used = USED.matcher(info);
    long sum = 0;
    while (used.find()) {
      sum += Long.parseLong(used.group(1));
    }
    return sum;
  }
}
