package io.drover.agent;

import io.drover.migration.ModeChoice;
import io.drover.migration.SourceEvent;
import io.drover.migration.SourceHypervisor;
import io.drover.migration.SourceState;
import io.drover.migration.SwitchPolicy;
import io.drover.migration.TransferProgress;
import io.drover.model.Mode;
import io.drover.model.ProblemException;
import java.time.Duration;
import java.util.Optional;

/**
 * Looks at an outgoing migration several times a second on a thread of its own, so that a slow
 * answer from QEMU never delays the switch: shows progress, wants post-copy when the plan says so,
 * and notices when nothing moves, for QEMU has no time-outs of its own.
 */
final class ProgressWatch {
  private static final Duration LOOK_EVERY = Duration.ofMillis(100);

  /** A page request may be answered by the next look; a copy needs longer to be called stuck. */
  private static final Duration STALLED_COPY = Duration.ofSeconds(30);

  private static final Duration STALLED_POST_COPY = Duration.ofSeconds(10);
  private static final Duration STALLED_SWITCH = Duration.ofSeconds(10);

  private final OutgoingMigration migration;
  private final SourceHypervisor hypervisor;
  private final OutgoingMigration.Surroundings surroundings;
  private long lastBytes = -1;
  private long movedAtNanos = System.nanoTime();
  private SourceState.Stage lastStage = SourceState.Stage.CONNECTING;
  private Optional<Long> disconnectedAtNanos = Optional.empty();
  private boolean switchAsked;

  ProgressWatch(
      OutgoingMigration migration,
      SourceHypervisor hypervisor,
      OutgoingMigration.Surroundings surroundings) {
    this.migration = migration;
    this.hypervisor = hypervisor;
    this.surroundings = surroundings;
  }

  void start() {
    Thread.ofVirtual().name("watch-" + migration.plan().id()).start(this::watch);
  }

  private void watch() {
    try {
      while (!migration.settled().isDone()) {
        look();
        Thread.sleep(LOOK_EVERY);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() {
    SourceState state = migration.state();
    if (state.stage() != lastStage) {
      lastStage = state.stage();
      movedAtNanos = System.nanoTime();
    }
    switch (state.stage()) {
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
          stalledFor(STALLED_COPY).ifPresent(this::tell);
      case ENDED -> {}
    }
    if (state.stage() != SourceState.Stage.ENDED) {
      surroundings.changed(migration);
    }
  }

  private void transferring(SourceState state) {
    try {
      TransferProgress progress = hypervisor.progress();
      migration.record().progress(progress);
      long bytes = progress.transferredBytes();
      if (bytes != lastBytes) {
        lastBytes = bytes;
        movedAtNanos = System.nanoTime();
      }
      if (state.stage() == SourceState.Stage.COPYING) {
        considerSwitch(progress);
      }
    } catch (ProblemException e) {
      // Busy with the switch, or gone: the hypervisor's own events say which.
    }
    Duration patience =
        switch (state.stage()) {
          case SWITCHING -> STALLED_SWITCH;
          case POSTCOPY -> STALLED_POST_COPY;
          default -> STALLED_COPY;
        };
    stalledFor(patience).ifPresent(this::tell);
    if (state.connected()) {
      disconnectedAtNanos = Optional.empty();
    } else if (disconnectedAtNanos.isEmpty()) {
      disconnectedAtNanos = Optional.of(System.nanoTime());
    } else if (System.nanoTime() - disconnectedAtNanos.get() > STALLED_COPY.toNanos()) {
      tell("The target could not be reached for %d s".formatted(STALLED_COPY.toSeconds()));
    }
  }

  private void considerSwitch(TransferProgress progress) {
    Optional<ModeChoice> choice = migration.record().choice();
    Mode requested = migration.record().options().mode();
    if (!switchAsked
        && migration.postCopyAgreed()
        && choice.isPresent()
        && SwitchPolicy.wantsPostCopy(choice.get().mode(), requested, progress)) {
      switchAsked = true;
      migration.switchNow();
    }
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
