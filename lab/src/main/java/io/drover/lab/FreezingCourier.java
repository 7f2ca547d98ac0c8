package io.drover.lab;

import io.drover.api.GuestSpec;
import io.drover.model.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Freeze and copy: the guest is paused, QEMU writes its memory to a file, both files go over ssh,
 * and a QEMU at the target goes on where the guest stood.
 *
 * <p>With scp the guest is frozen for all of that. rsync copies the disk while the guest runs and
 * then once more what was written meanwhile, as in the published measurement, where the disruption
 * is a fraction of the total time.
 */
final class FreezingCourier implements Courier {
  private static final DiskFile MEMORY = new DiskFile("whole.memory");
  private static final Duration PATIENCE = Duration.ofMinutes(30);
  private static final Duration LOOK = Duration.ofMillis(10);

  private final Lab lab;
  private final StockPrograms programs;
  private final StockDaemons daemons;
  private final Tool tool;
  private final StockQemu qemu;
  private final Consumer<String> progress;

  /** By what the files are copied. */
  enum Tool {
    RSYNC,
    SCP;

    /** Compares with what is there under the same name, and sends what differs. */
    boolean compares() {
      return this == RSYNC;
    }

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  FreezingCourier(Lab lab, StockPrograms programs, Tool tool, Consumer<String> progress) {
    this.lab = lab;
    this.programs = programs;
    this.daemons = new StockDaemons(lab, programs);
    this.tool = tool;
    this.qemu = new StockQemu(lab);
    this.progress = progress;
  }

  @Override
  public void prepare(LikeDisk disk) {
    daemons.startSshd();
    // Under the name of the guest's own disk: rsync then changes it in place.
    if (tool.compares()) {
      disk.writeBase(Relocations.DISK.on(lab, Relocations.TO));
    }
  }

  @Override
  public void start(GuestSpec spec) {
    QemuMonitor _ = qemu.boot(Relocations.FROM, spec, List.of());
  }

  @Override
  public Map<Measure, Double> carry(GuestSpec spec) {
    long ordered = System.nanoTime();
    if (tool.compares()) {
      copy("the disk of the running guest", Relocations.DISK);
    }
    QemuMonitor here = qemu.monitor(Relocations.FROM, spec.name());
    here.run("stop");
    save(here);
    copy("disk and memory of the frozen guest", Relocations.DISK, MEMORY);
    resume(spec);
    double seconds = (System.nanoTime() - ordered) / 1e9;
    here.quit();
    return Map.of(Measure.TOTAL, seconds);
  }

  private void save(QemuMonitor here) {
    progress.accept("saving the memory");
    here.run("migrate-set-parameters", Map.of("max-bandwidth", StockQemu.UNLIMITED));
    here.run("migrate", Map.of("uri", "file:" + MEMORY.path()));
    QemuTransfer.await(here, QemuTransfer.COMPLETED, LOOK, PATIENCE);
  }

  private void copy(String what, DiskFile... files) {
    progress.accept("%s copies %s".formatted(tool.word(), what));
    List<String> words =
        new ArrayList<>(
            List.of(StockDaemons.address(lab.node(Relocations.TO).record()), DiskFile.folder()));
    for (DiskFile file : files) {
      words.add(file.path());
    }
    Programs.Result result =
        Programs.attempt(
            lab.node(Relocations.FROM)
                .entering(programs.command(tool.word(), words.toArray(String[]::new))),
            "",
            PATIENCE);
    if (!result.succeeded()) {
      throw Problem.migration(
              "stock-copy",
              "%s could not copy %s; it ended with %d: %s; sshd at the target said last: %s"
                  .formatted(
                      tool.word(),
                      what,
                      result.exitCode(),
                      result.output().strip(),
                      daemons.lastWordsOfSshd(Relocations.TO)),
              "")
          .asException();
    }
  }

  /** It was paused when it was saved, and is so again when it is loaded. */
  private void resume(GuestSpec spec) {
    progress.accept("loading the memory");
    QemuMonitor there = qemu.boot(Relocations.TO, spec, List.of("-incoming", "defer"));
    StockQemu.receive(there, "file:" + MEMORY.path());
    QemuTransfer.await(there, QemuTransfer.COMPLETED, LOOK, PATIENCE);
    there.run("cont");
  }
}
