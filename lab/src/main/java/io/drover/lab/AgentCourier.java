package io.drover.lab;

import io.drover.api.GuestSpec;
import io.drover.api.GuestView;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.model.Problem;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Drover's agents, with the image that the disk was made from in the target's index. */
final class AgentCourier implements Courier {
  private static final DiskFile BASE = new DiskFile("base.img");
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration PATIENCE = Duration.ofMinutes(15);
  private static final double MEBIBYTE = 1 << 20;

  private final Lab lab;
  private final HostControl source;
  private final Consumer<MigrationView> progress;

  AgentCourier(Lab lab, HostControl.Factory agents, Consumer<MigrationView> progress) {
    this.lab = lab;
    this.source = agents.at(LabAgents.socket(lab, Relocations.FROM));
    this.progress = progress;
  }

  @Override
  public void prepare(LikeDisk disk) {
    disk.writeBase(BASE.on(lab, Relocations.TO));
    Programs.run(
        List.of(
            DroverProgram.find().launcher(),
            "store",
            "index",
            BASE.path(),
            "--public",
            "--agent",
            LabAgents.socket(lab, Relocations.TO).toString()));
  }

  @Override
  public void start(GuestSpec spec) {
    GuestView _ = source.startGuest(spec);
  }

  @Override
  public Map<Measure, Double> carry(GuestSpec spec) {
    MigrationView view = source.migrate(MigrationRequest.of(spec.name(), Relocations.TO));
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (view.outcome().isEmpty() && System.nanoTime() < deadline) {
      Programs.pause(POLL);
      view = source.migration(view.id());
      progress.accept(view);
    }
    if (!view.outcome().equals(Optional.of("completed"))) {
      throw Problem.migration(
              "bench-move",
              "The move ended as %s%s"
                  .formatted(
                      view.outcome().orElse("unfinished after " + PATIENCE.toMinutes() + " min"),
                      view.problem().map(problem -> ": " + problem.message()).orElse("")),
              "")
          .asException();
    }
    return values(view);
  }

  static Map<Measure, Double> values(MigrationView view) {
    Map<Measure, Double> values = new EnumMap<>(Measure.class);
    values.put(Measure.TOTAL, view.elapsedSeconds());
    view.downtimeMillis().ifPresent(millis -> values.put(Measure.DOWNTIME, millis));
    view.content()
        .ifPresent(content -> values.put(Measure.SPARED, content.foundBytes() / MEBIBYTE));
    view.disks()
        .flatMap(MigrationView.DisksView::content)
        .ifPresent(content -> values.put(Measure.DISK_SPARED, content.foundBytes() / MEBIBYTE));
    return values;
  }
}
