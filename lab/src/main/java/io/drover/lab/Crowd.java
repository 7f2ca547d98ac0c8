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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Many guests that move at once, slowly enough that the agents can be looked at meanwhile. */
final class Crowd {
  static final ByteSize GUEST_MEMORY = ByteSize.ofMebibytes(160);
  static final Workload WORKLOAD = new Workload.Touched(48);
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
  Map<Measure, Double> memoryOfAgents() {
    List<MigrationView> moves = new ArrayList<>();
    for (int i = 0; i < guests; i++) {
      // Owners of their own: what one guest brought would make the others' moves short.
      LabGuest guest =
          new LabGuest(lab, image, "g" + i, i, WORKLOAD, GUEST_MEMORY, Optional.of("g" + i));
      source.startGuest(guest.spec());
      guest.awaitLoaded("alpha");
    }
    for (int i = 0; i < guests; i++) {
      moves.add(
          source.migrate(
              MigrationRequest.of("g" + i, "beta")
                  .withMode("precopy")
                  .withTransport("tunnel")
                  .withBandwidth(BYTES_PER_SECOND_EACH)));
    }
    Map<Measure, Double> most = new EnumMap<>(Measure.class);
    boolean sawAll = false;
    long deadline = System.nanoTime() + Duration.ofMinutes(5).toNanos();
    while (true) {
      List<MigrationView> now = moves.stream().map(move -> source.migration(move.id())).toList();
      long running = now.stream().filter(move -> move.outcome().isEmpty()).count();
      sawAll |= now.stream().filter(move -> move.phase().equals("copy")).count() == guests;
      look("alpha", Measure.SOURCE_HEAP, Measure.SOURCE_RESIDENT, most);
      look("beta", Measure.TARGET_HEAP, Measure.TARGET_RESIDENT, most);
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

  private void look(String host, Measure heap, Measure resident, Map<Measure, Double> most) {
    Node node = lab.node(host);
    for (ProcessIdentity process : node.processes()) {
      if (!Leftovers.command(process.pid()).equals("java")) {
        continue;
      }
      try {
        String status = Files.readString(Path.of("/proc/" + process.pid() + "/status"));
        Matcher size = RESIDENT.matcher(status);
        if (size.find()) {
          most.merge(resident, Long.parseLong(size.group(1)) / 1024.0, Math::max);
        }
        most.merge(heap, heapMebibytes(node, insideId(status)), Math::max);
      } catch (IOException gone) {
        throw Problem.migration("bench-agent", "The agent of " + host + " ended", "")
            .asException(gone);
      }
    }
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
