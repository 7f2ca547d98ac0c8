package io.drover.lab;

import io.drover.api.GuestSpec;
import io.drover.model.Problem;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/**
 * What a script does over QEMU's monitor where the storage is not shared: QEMU mirrors the disk to
 * an NBD export of the QEMU that waits at the target, then memory goes by pre-copy, and at the
 * switch, while the guest stands still, the mirror ends. All over plain TCP.
 */
final class MirrorCourier implements Courier {
  private static final String NBD_PORT = "10809";
  private static final String NODE = StockQemu.diskNode(0);
  private static final String FAR_NODE = "far0";
  private static final String JOB = "mirror0";
  private static final Duration PATIENCE = Duration.ofMinutes(15);
  private static final Duration LOOK = Duration.ofMillis(100);

  /** QEMU's own, in which it expects to send the rest. */
  private static final long STANDSTILL_MILLIS = 300;

  private static final int PATIENT_PASSES = 20;
  private static final long MOST_DOUBLINGS = 7;

  /** The guest stands still, or is about to. */
  private static final Duration LOOK_CLOSELY = Duration.ofMillis(10);

  private final Lab lab;
  private final StockQemu qemu;
  private final Consumer<String> progress;

  /** The mirror as QEMU shows it. */
  record Job(String status, long done, long total, String error) {
    static Job of(JsonNode jobs) {
      return jobs.valueStream()
          .filter(job -> job.path("id").asString("").equals(JOB))
          .map(
              job ->
                  new Job(
                      job.path("status").asString(""),
                      job.path("current-progress").asLong(0),
                      job.path("total-progress").asLong(0),
                      job.path("error").asString("")))
          .findFirst()
          .orElse(new Job("null", 0, 0, "the job is gone"));
    }

    /** All is copied, and what the guest writes follows. */
    boolean ready() {
      return status.equals("ready");
    }

    boolean ended() {
      return Set.of("aborting", "concluded", "null").contains(status);
    }

    /** It has ended with nothing left over. */
    boolean whole() {
      return status.equals("concluded") && error.isEmpty() && done == total;
    }
  }

  MirrorCourier(Lab lab, Consumer<String> progress) {
    this.lab = lab;
    this.qemu = new StockQemu(lab);
    this.progress = progress;
  }

  /** QEMU's mirror writes all of the disk, whatever is there. */
  @Override
  public void prepare(LikeDisk disk) {}

  @Override
  public void start(GuestSpec spec) {
    QemuMonitor _ = qemu.boot(Relocations.FROM, spec, List.of());
  }

  @Override
  public Map<Measure, Double> carry(GuestSpec spec) {
    long ordered = System.nanoTime();
    String target = StockDaemons.address(lab.node(Relocations.TO).record());
    lab.node(Relocations.TO)
        .run(
            "truncate",
            "-s",
            Long.toString(Relocations.DISK.on(lab, Relocations.FROM).toFile().length()),
            Relocations.DISK.path());
    QemuMonitor there = qemu.boot(Relocations.TO, spec, List.of("-S", "-incoming", "defer"));
    QemuMonitor here = qemu.monitor(Relocations.FROM, spec.name());
    mirror(here, there, target);
    migrate(here, there, target);
    run(there);
    double seconds = (System.nanoTime() - ordered) / 1e9;
    here.quit();
    return Map.of(Measure.TOTAL, seconds);
  }

  private void mirror(QemuMonitor here, QemuMonitor there, String target) {
    progress.accept("mirroring the disk");
    there.run(
        "nbd-server-start",
        Map.of("addr", Map.of("type", "inet", "data", Map.of("host", target, "port", NBD_PORT))));
    there.run(
        "block-export-add",
        Map.of("type", "nbd", "id", "export0", "node-name", NODE, "name", NODE, "writable", true));
    here.run(
        "blockdev-add",
        Map.of(
            "driver",
            "nbd",
            "node-name",
            FAR_NODE,
            "server",
            Map.of("type", "inet", "host", target, "port", NBD_PORT),
            "export",
            NODE));
    here.run(
        "blockdev-mirror",
        Map.of(
            "job-id",
            JOB,
            "device",
            NODE,
            "target",
            FAR_NODE,
            "sync",
            "full",
            // It stays to be seen how it ended.
            "auto-dismiss",
            false));
    awaitReady(here, LOOK);
  }

  private void migrate(QemuMonitor here, QemuMonitor there, String target) {
    progress.accept("sending the memory");
    String uri = "tcp:%s:%d".formatted(target, StockDaemons.MIGRATION_PORT);
    // Without a way back, what was written counts as arrived.
    allow(there, "return-path");
    StockQemu.receive(there, uri);
    allow(here, "return-path", "pause-before-switchover");
    here.run("migrate-set-parameters", Map.of("max-bandwidth", StockQemu.UNLIMITED));
    here.run("migrate", Map.of("uri", uri));
    awaitSwitch(here);
    endMirror(here);
    here.run("migrate-continue", Map.of("state", QemuTransfer.PRE_SWITCHOVER));
    QemuTransfer.await(here, QemuTransfer.COMPLETED, LOOK_CLOSELY, PATIENCE);
  }

  /** Where pre-copy does not end by itself, the guest may stand still for longer. */
  private static void awaitSwitch(QemuMonitor here) {
    long allowed = standstillMillis(0);
    while (true) {
      long granted = allowed;
      QemuTransfer transfer =
          QemuTransfer.of(
              here.until(
                  "query-migrate",
                  answer -> {
                    QemuTransfer now = QemuTransfer.of(answer);
                    return now.is(QemuTransfer.PRE_SWITCHOVER)
                        || now.over()
                        || standstillMillis(now.passes()) > granted;
                  },
                  LOOK_CLOSELY,
                  PATIENCE));
      if (transfer.is(QemuTransfer.PRE_SWITCHOVER) || transfer.over()) {
        transfer.require(QemuTransfer.PRE_SWITCHOVER);
        return;
      }
      allowed = standstillMillis(transfer.passes());
      here.run("migrate-set-parameters", Map.of("downtime-limit", allowed));
    }
  }

  /** QEMU's own limit at first, and twice as much after every so many passes. */
  static long standstillMillis(long passes) {
    return STANDSTILL_MILLIS << Math.min(passes / PATIENT_PASSES, MOST_DOUBLINGS);
  }

  private static void allow(QemuMonitor monitor, String... capabilities) {
    monitor.run(
        "migrate-set-capabilities",
        Map.of(
            "capabilities",
            List.of(capabilities).stream()
                .map(capability -> Map.of("capability", capability, "state", true))
                .toList()));
  }

  private static void awaitReady(QemuMonitor here, Duration look) {
    Job job =
        Job.of(
            here.until(
                "query-jobs",
                jobs -> Job.of(jobs).ready() || Job.of(jobs).ended(),
                look,
                PATIENCE));
    require(job.ready(), "The mirror of the disk ended before it was told to: " + job);
  }

  /**
   * QEMU itself would go on with a mirror that has failed meanwhile. Of one that is ready a cancel
   * is the end that leaves the guest on its own disk.
   */
  private static void endMirror(QemuMonitor here) {
    awaitReady(here, LOOK_CLOSELY);
    here.run("block-job-cancel", Map.of("device", JOB));
    Job job =
        Job.of(here.until("query-jobs", jobs -> Job.of(jobs).ended(), LOOK_CLOSELY, PATIENCE));
    require(job.whole(), "The mirror of the disk did not end well: " + job);
    here.run("job-dismiss", Map.of("id", JOB));
    here.run("blockdev-del", Map.of("node-name", FAR_NODE));
  }

  /** Its image belongs to the guest alone before it may run. */
  private static void run(QemuMonitor there) {
    QemuTransfer.await(there, QemuTransfer.COMPLETED, LOOK_CLOSELY, PATIENCE);
    there.run("nbd-server-stop");
    there.run("cont");
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw Problem.migration("stock-move", otherwise, "").asException();
    }
  }
}
