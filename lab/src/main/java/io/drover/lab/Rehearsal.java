package io.drover.lab;

import io.drover.api.GuestSpec;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.model.ByteSize;
import io.drover.model.Mode;
import io.drover.model.Problem;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A small guest that goes there and back a few times before anything is measured. Agents run for
 * months, and what one is slow at in its first move, because the JVM has not compiled it yet, is
 * not what a benchmark is about.
 */
final class Rehearsal {
  private static final String GUEST = "rehearsal";
  private static final int NUMBER = 9;

  /** Measuring the guest and every way of sending it; the JVM compiles what ran several times. */
  private static final List<Mode> MODES = List.of(Mode.POSTCOPY, Mode.AUTO, Mode.HYBRID);

  private static final Duration LOOK = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private Rehearsal() {}

  /** The lab once both its agents have sent and received a guest. */
  static Lab in(Lab lab, HostControl.Factory agents, GuestImage image) {
    return in(lab, agents, image, List.of());
  }

  /** The same with a guest that has disks, whose images are on the first host. */
  static Lab in(
      Lab lab, HostControl.Factory agents, GuestImage image, List<GuestSpec.DiskSpec> disks) {
    try {
      Lab _ = RestingLab.of(lab);
      LabGuest guest =
          new LabGuest(
              lab,
              image,
              GUEST,
              NUMBER,
              new Workload.Idle(),
              ByteSize.ofMebibytes(256),
              // What it leaves behind is of no use to the guests that are measured.
              Optional.of(GUEST));
      agents.at(LabAgents.socket(lab, "alpha")).startGuest(guest.specWith(disks));
      guest.awaitLoaded("alpha");
      for (Mode mode : MODES) {
        move(agents.at(LabAgents.socket(lab, "alpha")), "beta", mode);
        move(agents.at(LabAgents.socket(lab, "beta")), "alpha", mode);
      }
      agents.at(LabAgents.socket(lab, "alpha")).killGuest(GUEST);
      return RestingLab.of(lab);
    } catch (RuntimeException failure) {
      lab.close();
      throw failure;
    }
  }

  private static void move(HostControl source, String target, Mode mode) {
    MigrationView view = source.migrate(MigrationRequest.of(GUEST, target).withMode(mode.word()));
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (view.outcome().isEmpty() && System.nanoTime() < deadline) {
      Programs.pause(LOOK);
      view = source.migration(view.id());
    }
    if (!view.outcome().equals(Optional.of("completed"))) {
      throw Problem.migration(
              "rehearsal",
              "A small guest could not be moved to %s: %s"
                  .formatted(
                      target, view.problem().map(each -> each.message()).orElse(view.phase())),
              "See the agents' logs in the lab's folder.")
          .asException();
    }
  }
}
