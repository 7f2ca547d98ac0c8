package io.drover.qemu;

import io.drover.migration.DiskMirror;
import io.drover.migration.DiskProgress;
import io.drover.migration.HypervisorEvent;
import io.drover.model.ProblemException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The mirrors of one guest's disks, as jobs of its QEMU. They begin in the background. Once all are
 * copied, and earlier if the guest writes faster than that comes to an end, each write of the guest
 * waits until the target has it as well: so there is an end, and little is left at the switch.
 *
 * <p>One begins after the other: to begin one QEMU waits for all requests under way, and with it
 * everything else does. Of those that are copied hardly any are.
 */
final class DiskMirrors {
  private static final Logger LOG = LoggerFactory.getLogger(DiskMirrors.class);
  private static final String JOB = "move";
  private static final Duration LOOK_EVERY = Duration.ofMillis(50);
  private static final Duration LOOK_AT_THE_SWITCH = Duration.ofMillis(1);
  private static final Duration BEGIN_PATIENCE = Duration.ofSeconds(30);
  private static final Duration END_PATIENCE = Duration.ofSeconds(10);

  /** For so long the rest may stay as large as it is before the guest's writes are held back. */
  private static final Duration STAGNATION = Duration.ofSeconds(5);

  private final QemuGuest guest;
  private final Consumer<HypervisorEvent> events;
  private final List<DiskMirror> mirrors;
  private final List<DiskState> disks;
  private final boolean changesMode;
  private int begun;
  private volatile DiskProgress progress = DiskProgress.NONE;
  private volatile Stage stage = Stage.COPYING;

  private enum Stage {
    COPYING,
    READY,
    COMPLETING,
    OVER
  }

  /** A job as QEMU shows it. */
  private record Job(String status, long done, long total, String error) {
    boolean ready() {
      return status.equals("ready");
    }

    boolean ended() {
      return status.equals("concluded") || status.equals("null");
    }
  }

  private DiskMirrors(QemuGuest guest, List<DiskMirror> mirrors, Consumer<HypervisorEvent> events) {
    this.guest = guest;
    this.mirrors = mirrors;
    this.events = events;
    this.disks = guest.disks();
    this.changesMode =
        guest
            .control()
            .run("query-commands")
            .valueStream()
            .anyMatch(command -> command.path("name").asString("").equals("block-job-change"));
  }

  static DiskMirrors start(
      QemuGuest guest, List<DiskMirror> mirrors, Consumer<HypervisorEvent> events) {
    DiskMirrors started = new DiskMirrors(guest, mirrors, events);
    if (started.basesAreThere()) {
      started.beginNext();
    }
    Thread.ofVirtual().name("mirrors of " + guest.definition().name()).start(started::watch);
    return started;
  }

  /**
   * What a disk's topmost layer is written to at the target reads from the base there, so all of
   * that has to be there before. And no mirror holds its guest's writes back for as long as another
   * disk's base takes.
   */
  private boolean basesAreThere() {
    return basesProgress().remainingBytes() == 0;
  }

  private DiskProgress basesProgress() {
    List<DiskProgress> bases = mirrors.stream().map(mirror -> mirror.base().get()).toList();
    return new DiskProgress(
        bases.stream().mapToLong(DiskProgress::totalBytes).sum(),
        bases.stream().mapToLong(DiskProgress::remainingBytes).sum());
  }

  private void beginNext() {
    begin(mirrors.get(begun));
    begun++;
  }

  private void begin(DiskMirror mirror) {
    ObjectNode far = Qmp.object();
    far.put("driver", "nbd").put("node-name", far(mirror.disk()));
    // Without leave to discard QEMU asks for zeroes that keep their space.
    far.put("discard", "unmap");
    far.putObject("server").put("type", "unix").put("path", mirror.socket().toString());
    JsonNode _ = guest.control().run("blockdev-add", far);
    ObjectNode job = Qmp.object();
    job.put("job-id", JOB + mirror.disk());
    job.put("device", DiskNodes.disk(mirror.disk()));
    job.put("target", far(mirror.disk()));
    job.put(
        "sync",
        switch (mirror.layers()) {
          case ALL -> "full";
          case TOP -> "top";
        });
    job.put("copy-mode", changesMode ? "background" : "write-blocking");
    job.put("filter-node-name", "mirror" + mirror.disk());
    // It stays to be seen how it ended.
    job.put("auto-dismiss", false);
    JsonNode _ = guest.control().run("blockdev-mirror", job, BEGIN_PATIENCE);
  }

  private static String far(int disk) {
    return "far" + disk;
  }

  DiskProgress progress() {
    return progress;
  }

  private void watch() {
    long smallest = Long.MAX_VALUE;
    long smallestAtNanos = System.nanoTime();
    boolean heldBack = !changesMode;
    try {
      while (stage != Stage.OVER) {
        Thread.sleep(stage == Stage.COMPLETING ? LOOK_AT_THE_SWITCH : LOOK_EVERY);
        Map<Integer, Job> jobs = lookAgain();
        if (begun == 0) {
          if (stage == Stage.COPYING && basesAreThere()) {
            beginNext();
          }
          continue;
        }
        if (stage == Stage.OVER || jobs.isEmpty() || failed(jobs)) {
          continue;
        }
        if (progress.remainingBytes() < smallest) {
          smallest = progress.remainingBytes();
          smallestAtNanos = System.nanoTime();
        }
        boolean ready = jobs.values().stream().allMatch(Job::ready);
        if (ready && begun < mirrors.size()) {
          beginNext();
          heldBack = !changesMode;
          smallest = Long.MAX_VALUE;
          continue;
        }
        boolean stagnates = System.nanoTime() - smallestAtNanos > STAGNATION.toNanos();
        if (!heldBack && stage == Stage.COPYING && (ready || stagnates)) {
          heldBack = true;
          jobs.keySet().forEach(this::holdBack);
        }
        if (ready && stage == Stage.COPYING) {
          stage = Stage.READY;
          events.accept(new HypervisorEvent.DisksReady(System.nanoTime()));
        } else if (stage == Stage.COMPLETING && jobs.values().stream().allMatch(Job::ended)) {
          jobs.keySet().forEach(this::forget);
          stage = Stage.OVER;
          events.accept(new HypervisorEvent.DisksWhole(System.nanoTime()));
        }
      }
    } catch (ProblemException e) {
      fail(e.problem().message());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void fail(String reason) {
    if (stage != Stage.OVER) {
      stage = Stage.OVER;
      events.accept(new HypervisorEvent.DisksFailed(reason, System.nanoTime()));
    }
  }

  /** Nothing where QEMU is busy, and where it is gone, of which others tell. */
  private Map<Integer, Job> lookAgain() {
    try {
      Map<Integer, Job> jobs = jobs(guest);
      long waiting = mirrors.stream().skip(begun).mapToLong(this::allocated).sum();
      DiskProgress bases = basesProgress();
      progress =
          new DiskProgress(
              bases.totalBytes() + waiting + jobs.values().stream().mapToLong(Job::total).sum(),
              bases.remainingBytes()
                  + waiting
                  + jobs.values().stream().mapToLong(job -> job.total() - job.done()).sum());
      return jobs;
    } catch (ProblemException e) {
      if (!guest.isAlive()) {
        stage = Stage.OVER;
      }
      return Map.of();
    }
  }

  private long allocated(DiskMirror mirror) {
    DiskState disk = disks.get(mirror.disk());
    return switch (mirror.layers()) {
      case ALL -> disk.allocatedBytes();
      case TOP ->
          disk.allocatedBytes() - disk.base().map(DiskState.Base::allocatedBytes).orElse(0L);
    };
  }

  /** An end that nobody asked for, or one with something left over. */
  private boolean failed(Map<Integer, Job> jobs) {
    for (DiskMirror mirror : mirrors.subList(0, begun)) {
      Job job = jobs.get(mirror.disk());
      boolean bad =
          job == null
              || !job.error().isEmpty()
              || (job.ended() && (stage != Stage.COMPLETING || job.done() != job.total()));
      if (bad) {
        String reason =
            job == null
                ? "the job is gone"
                : job.error().isEmpty() ? "it ended early" : job.error();
        fail("%s: %s".formatted(guest.definition().disks().get(mirror.disk()).path(), reason));
        return true;
      }
    }
    return false;
  }

  private void holdBack(int disk) {
    ObjectNode change = Qmp.object();
    change.put("id", JOB + disk).put("type", "mirror").put("copy-mode", "write-blocking");
    if (guest.control().ask("block-job-change", change, Qmp.DEFAULT_TIMEOUT)
        instanceof QmpReply.Refused refused) {
      LOG.warn(
          "guest {}: its writes to disk {} do not wait for the target: {}",
          guest.definition().name(),
          disk,
          refused.description());
    }
  }

  /** The guest stands still: ends each mirror when it has nothing left. */
  void complete() {
    stage = Stage.COMPLETING;
    for (DiskMirror mirror : mirrors) {
      ObjectNode cancel = Qmp.object();
      // Of a mirror that is ready, this is the end that leaves the guest on its own disk.
      cancel.put("device", JOB + mirror.disk());
      JsonNode _ = guest.control().run("block-job-cancel", cancel);
    }
  }

  void stop() {
    stage = Stage.OVER;
  }

  /** Ends whatever mirrors this guest's QEMU has, whoever began them. */
  static void cancelAll(QemuGuest guest) {
    long deadline = System.nanoTime() + END_PATIENCE.toNanos();
    for (int disk : jobs(guest).keySet()) {
      ObjectNode cancel = Qmp.object();
      cancel.put("device", JOB + disk).put("force", true);
      // Refused where it has ended by itself.
      QmpReply _ = guest.control().ask("block-job-cancel", cancel, Qmp.DEFAULT_TIMEOUT);
    }
    Map<Integer, Job> left = jobs(guest);
    while (!left.values().stream().allMatch(Job::ended) && System.nanoTime() - deadline < 0) {
      try {
        Thread.sleep(Duration.ofMillis(10));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      left = jobs(guest);
    }
    for (int disk = 0; disk < guest.definition().disks().size(); disk++) {
      forget(guest, disk);
    }
  }

  private void forget(int disk) {
    forget(guest, disk);
  }

  private static void forget(QemuGuest guest, int disk) {
    ObjectNode job = Qmp.object();
    job.put("id", JOB + disk);
    QmpReply _ = guest.control().ask("job-dismiss", job, Qmp.DEFAULT_TIMEOUT);
    ObjectNode node = Qmp.object();
    node.put("node-name", far(disk));
    QmpReply _ = guest.control().ask("blockdev-del", node, Qmp.DEFAULT_TIMEOUT);
  }

  private static Map<Integer, Job> jobs(QemuGuest guest) {
    Map<Integer, Job> jobs = new TreeMap<>();
    for (JsonNode job : guest.control().run("query-jobs")) {
      String id = job.path("id").asString("");
      if (id.startsWith(JOB)) {
        jobs.put(
            Integer.parseInt(id.substring(JOB.length())),
            new Job(
                job.path("status").asString(""),
                job.path("current-progress").asLong(0),
                job.path("total-progress").asLong(0),
                job.path("error").asString("")));
      }
    }
    return jobs;
  }
}
