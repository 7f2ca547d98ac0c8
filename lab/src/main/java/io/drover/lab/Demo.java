package io.drover.lab;

import io.drover.api.MigrationRequest;
import io.drover.model.ByteSize;
import io.drover.model.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Moves a busy guest from one host to another and proves that nothing of it was lost. */
final class Demo {
  private static final String SOURCE = "alpha";
  private static final String TARGET = "beta";
  private static final String GUEST = "demo";
  private static final Duration INSTALL_PATIENCE = Duration.ofMinutes(15);

  private final HostControl.Factory agents;
  private final Steps steps;
  private final LabStore store = LabStore.ofMachine();

  Demo(HostControl.Factory agents, Steps steps) {
    this.agents = agents;
    this.steps = steps;
  }

  DemoReport run(
      LabPlan plan, Workload workload, MigrationRequest wish, LabRecord.Keeping keeping) {
    Lab.requireRoot();
    try {
      installDependencies();
      GuestImage image = image();
      try (var _ = new LabGuard(store, plan.name())) {
        return inLab(plan, workload, wish, keeping, image);
      }
    } finally {
      steps.abandoned();
    }
  }

  private DemoReport inLab(
      LabPlan plan,
      Workload workload,
      MigrationRequest wish,
      LabRecord.Keeping keeping,
      GuestImage image) {
    steps.begin("Making a lab");
    MeasuredMove move;
    LabRecord record;
    try (Lab lab = Lab.up(store, plan, steps::detail)) {
      steps.done(
          "Lab of %d hosts and a client; link: %s"
              .formatted(plan.topology().hosts().size(), plan.shape().describe()));
      LabGuest guest = new LabGuest(lab, image, GUEST, 0, workload, LabGuest.memoryFor(workload));
      HostControl source = agents.at(LabAgents.socket(lab, SOURCE));
      boot(guest, source);
      move = move(lab, guest, source, wish);
      record = lab.record();
      if (keeping == LabRecord.Keeping.KEPT) {
        lab.keep();
        return DemoReport.of(move, List.of(), Optional.of(plan.name().value()));
      }
      steps.begin("Taking the lab down");
    }
    List<String> leftovers = Leftovers.find(store, record);
    if (leftovers.isEmpty()) {
      steps.done("Lab taken down; nothing left behind");
    } else {
      steps.failed("Lab taken down, but left behind: " + String.join("; ", leftovers));
    }
    return DemoReport.of(move, leftovers, Optional.empty());
  }

  private void installDependencies() {
    Path script = DroverProgram.find().installDependencies();
    if (!Files.isExecutable(script)) {
      throw Problem.host(
              "no-install-script",
              script + " is not there",
              "Run Drover from its own folder, as it was cloned.")
          .asException();
    }
    steps.begin("Looking for what is needed");
    Programs.Result result = Programs.attempt(List.of(script.toString()), "", INSTALL_PATIENCE);
    if (!result.succeeded()) {
      throw Problem.host(
              "install-failed",
              "%s ended with %d: %s"
                  .formatted(script, result.exitCode(), lastLine(result.output())),
              "Run it by hand and see what it says.")
          .asException();
    }
    DroverProgram.find().learn();
    steps.done("Everything that is needed is installed");
  }

  private static String lastLine(String text) {
    String stripped = text.strip();
    return stripped.substring(stripped.lastIndexOf('\n') + 1);
  }

  private GuestImage image() {
    steps.begin("Preparing the guest image");
    GuestImage image =
        new GuestImageBuilder(GuestImageBuilder.defaultCache(System.getenv()), steps::detail)
            .image();
    steps.done("Guest image: Debian kernel, busybox and a memory load");
    return image;
  }

  private void boot(LabGuest guest, HostControl source) {
    steps.begin("Booting a guest on " + SOURCE);
    source.startGuest(guest.spec());
    guest.awaitLoaded(SOURCE);
    steps.done(
        "Guest of %s on %s is busy: %s"
            .formatted(ByteSize.parse(guest.spec().memory()), SOURCE, describe(guest.workload())));
  }

  private MeasuredMove move(Lab lab, LabGuest guest, HostControl source, MigrationRequest wish) {
    steps.begin("Moving it to " + TARGET);
    MeasuredMove move =
        MeasuredMove.run(
            lab,
            guest,
            SOURCE,
            TARGET,
            source,
            wish.between(GUEST, TARGET),
            MeasuredMove.GiveUp.NEVER,
            steps::migration);
    if (move.completed() && move.memoryErrors() == 0) {
      steps.done("Moved to %s while it ran; memory checked".formatted(TARGET));
    } else {
      steps.failed(
          "The move ended as %s with %d memory errors"
              .formatted(move.migration().outcome().orElse("unknown"), move.memoryErrors()));
    }
    return move;
  }

  static String describe(Workload workload) {
    return switch (workload) {
      case Workload.Idle _ -> "nothing";
      case Workload.Serving _ -> "whatever clients ask for";
      case Workload.Probed probed -> "%d MB, read at random".formatted(probed.mebibytes());
      case Workload.Touched touched -> touched.mebibytes() + " MB touched";
      case Workload.Verified load ->
          "%d MB rewritten %s"
              .formatted(
                  load.mebibytes(),
                  load.megabytesPerSecond() == 0
                      ? "as fast as it goes"
                      : "at " + load.megabytesPerSecond() + " MB/s");
      case Workload.Worked load ->
          "%d MB, of which %d are rewritten at %d MB/s"
              .formatted(load.mebibytes(), load.part(), load.megabytesPerSecond());
      case Workload.Corrupted load -> load.mebibytes() + " MB that corrupts itself";
      case Workload.Stress load -> "stress on " + load.mebibytes() + " MB";
      case Workload.StressNg load -> "stress-ng on " + load.mebibytes() + " MB";
    };
  }
}
