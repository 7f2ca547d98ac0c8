package io.drover.agent;

import io.drover.migration.DiskProgress;
import io.drover.migration.MemoryRange;
import io.drover.migration.ModeChoice;
import io.drover.migration.SourceEvent;
import io.drover.migration.SourceHypervisor;
import io.drover.migration.SourceState;
import io.drover.migration.SwitchPolicy;
import io.drover.migration.TransferProgress;
import io.drover.model.Mode;
import io.drover.model.ProblemException;
import io.drover.qemu.PageRequests;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Looks at an outgoing migration many times a second on a thread of its own, so that a slow answer
 * from QEMU never delays the switch: shows progress, wants post-copy when the plan says so, and
 * notices when nothing moves, for QEMU has no time-outs of its own.
 */
final class ProgressWatch {
  private static final Duration LOOK_EVERY = Duration.ofMillis(100);
  private static final Duration LOOK_OFTEN = Duration.ofMillis(20);

  /**
   * Memory is sent from its lower end unless asked for otherwise, and loading the devices' state at
   * the target reads some of the first megabyte: without it the switch would wait for pages.
   */
  private static final MemoryRange LOWEST = new MemoryRange(0, 1 << 20);

  /** How long a guest that begins to run at the target has the link nearly to itself. */
  private static final Duration FIRST_STEPS = Duration.ofMillis(60);

  private static final Duration LONGEST_LOADING = Duration.ofSeconds(1);

  /** Times the patience with memory. */
  private static final int STALLED_DISKS = 10;

  private static final Duration STALLED_POST_COPY = Duration.ofSeconds(10);
  private static final Duration STALLED_SWITCH = Duration.ofSeconds(10);

  private final OutgoingMigration migration;
  private final SourceHypervisor hypervisor;
  private final OutgoingMigration.Surroundings surroundings;
  private final Duration stalledCopy;
  private long lastBytes = -1;
  private long movedAtNanos = System.nanoTime();
  private long stageSinceNanos = movedAtNanos;
  private SourceState.Stage lastStage = SourceState.Stage.CONNECTING;
  private Optional<Long> disconnectedAtNanos = Optional.empty();
  private Optional<Long> expectedLink = Optional.empty();
  private boolean switchAsked;
  private boolean bulkReleased;
  private List<MemoryRange> first = List.of();
  private TransferProgress atAsking = TransferProgress.NONE;

  ProgressWatch(
      OutgoingMigration migration,
      SourceHypervisor hypervisor,
      OutgoingMigration.Surroundings surroundings,
      Duration stalledCopy) {
    this.migration = migration;
    this.hypervisor = hypervisor;
    this.surroundings = surroundings;
    this.stalledCopy = stalledCopy;
  }

  void start() {
    Thread.ofVirtual().name("watch-" + migration.plan().id()).start(this::watch);
  }

  private void watch() {
    try {
      while (!migration.settled().isDone()) {
        look();
        Thread.sleep(somethingIsDue() ? LOOK_OFTEN : LOOK_EVERY);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether the next step follows from what is seen, so that each look too late delays it. */
  private boolean somethingIsDue() {
    return switch (lastStage) {
      case COPYING -> !switchAsked && migration.postCopyAgreed();
      case POSTCOPY -> !bulkReleased;
      default -> false;
    };
  }

  private void look() {
    SourceState state = migration.state();
    if (state.stage() != lastStage) {
      lastStage = state.stage();
      stageSinceNanos = System.nanoTime();
      movedAtNanos = stageSinceNanos;
    }
    switch (state.stage()) {
      case MIRRORING -> mirroring();
      case COPYING, SWITCHING, POSTCOPY -> transferring(state);
      case CONNECTING,
          PREPARING,
          OPENING,
          PAUSED,
          RECOVERING,
          REBUILDING,
          COMMITTED,
          FINISHING,
          ABORTING ->
          stalledFor(stalledCopy).ifPresent(this::tell);
      case ENDED -> {}
    }
    if (state.stage() != SourceState.Stage.ENDED) {
      surroundings.changed(migration);
    }
  }

  /** A link that comes back finds everything as it was: the guest runs on and nothing is lost. */
  private void mirroring() {
    DiskProgress progress = hypervisor.diskProgress();
    migration.record().disks(progress);
    long done = progress.totalBytes() - progress.remainingBytes();
    if (done != lastBytes) {
      lastBytes = done;
      movedAtNanos = System.nanoTime();
    }
    stalledFor(stalledCopy.multipliedBy(STALLED_DISKS)).ifPresent(this::tell);
  }

  private void transferring(SourceState state) {
    try {
      migration.record().disks(hypervisor.diskProgress());
      TransferProgress progress = hypervisor.progress();
      migration.record().progress(progress);
      // What is queued between QEMU and the link still moves when QEMU has to wait.
      long bytes = progress.transferredBytes() + migration.record().crossedBytes();
      if (bytes != lastBytes) {
        lastBytes = bytes;
        movedAtNanos = System.nanoTime();
      }
      if (state.stage() == SourceState.Stage.COPYING) {
        considerLink();
        considerSwitch(progress);
      } else if (state.stage() == SourceState.Stage.POSTCOPY && !bulkReleased) {
        considerRelease();
      }
    } catch (ProblemException e) {
      // Busy with the switch, or gone: the hypervisor's own events say which.
    }
    Duration patience =
        switch (state.stage()) {
          case SWITCHING -> STALLED_SWITCH;
          case POSTCOPY -> STALLED_POST_COPY;
          default -> stalledCopy;
        };
    stalledFor(patience).ifPresent(this::tell);
    if (state.connected()) {
      disconnectedAtNanos = Optional.empty();
    } else if (disconnectedAtNanos.isEmpty()) {
      disconnectedAtNanos = Optional.of(System.nanoTime());
    } else if (System.nanoTime() - disconnectedAtNanos.get() > stalledCopy.toNanos()) {
      tell("The target could not be reached for %d s".formatted(stalledCopy.toSeconds()));
    }
  }

  private void considerLink() {
    Optional<Long> link = migration.record().linkToExpect();
    if (link.isPresent() && !link.equals(expectedLink)) {
      hypervisor.expectLink(link.get());
      expectedLink = link;
    }
  }

  private void considerSwitch(TransferProgress progress) {
    Optional<ModeChoice> choice = migration.record().choice();
    if (switchAsked || !migration.postCopyAgreed() || choice.isEmpty()) {
      return;
    }
    Mode mode = choice.get().mode();
    if (first.isEmpty()) {
      // At a first look nothing may have gone yet, so what is asked for now is all there is to
      // send.
      atAsking = progress;
      first = askForFirst(mode);
      return;
    }
    Mode requested = migration.record().options().mode();
    if (SwitchPolicy.wantsPostCopy(mode, requested, first, atAsking, progress)) {
      switchAsked = true;
      migration.switchNow();
    }
  }

  /** Also what an agent does that has restarted meanwhile: it does not know whether it was done. */
  private void considerRelease() {
    boolean takesSteps = migration.record().guestRunsThereFor(FIRST_STEPS);
    if (takesSteps || stagedFor(LONGEST_LOADING)) {
      hypervisor.releaseBulk();
      bulkReleased = true;
    }
  }

  private List<MemoryRange> askForFirst(Mode mode) {
    if (!surroundings.ordersPages()) {
      // The pages go in QEMU's own order: by then the lowest have been sent.
      return List.of(LOWEST);
    }
    List<MemoryRange> ranges = hypervisor.neededFirst();
    PageRequests.When when =
        mode == Mode.POSTCOPY
            ? PageRequests.When.NOW_AND_AT_THE_SWITCH
            : PageRequests.When.AT_THE_SWITCH;
    surroundings.sendFirst(ranges, when);
    return ranges;
  }

  private boolean stagedFor(Duration time) {
    return System.nanoTime() - stageSinceNanos > time.toNanos();
  }

  private Optional<String> stalledFor(Duration patience) {
    return System.nanoTime() - movedAtNanos > patience.toNanos()
        ? Optional.of("Nothing has moved for %d s".formatted(patience.toSeconds()))
        : Optional.empty();
  }

  private void tell(String reason) {
    movedAtNanos = System.nanoTime();
    disconnectedAtNanos = Optional.empty();
    migration.post(new SourceEvent.Stalled(reason));
  }
}
