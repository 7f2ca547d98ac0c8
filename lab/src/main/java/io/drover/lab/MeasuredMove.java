package io.drover.lab;

import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.report.Series;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One move of a guest, seen by the agents, by the client and on the wire.
 *
 * @param clientGapMillis the longest silence that the client saw
 * @param quietGapMillis the longest silence before the move, for comparison
 * @param linkBytes what really crossed the migration link towards the target, headers included
 * @param sourceProcessor of everything that runs there, the guest's own work included
 * @param targetProcessor likewise
 * @param memory what the load said after a whole sweep at the target, if it checks itself
 * @param faults what the guest complained of
 * @param linkUse megabits a second towards the target, over the seconds since the order
 * @param lost why it was cancelled, if it was
 */
record MeasuredMove(
    MigrationView migration,
    double clientGapMillis,
    double quietGapMillis,
    long unansweredPings,
    long linkBytes,
    Duration sourceProcessor,
    Duration targetProcessor,
    Optional<MemoryStatus> memory,
    List<String> faults,
    List<Series.Point> linkUse,
    Optional<String> lost) {

  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration PATIENCE = Duration.ofMinutes(15);
  private static final Duration QUIET = Duration.ofMillis(700);

  private static final Duration SETTLE = Duration.ofSeconds(1);

  /** Every byte of the load's memory was found right at the target. */
  boolean memoryVerified() {
    return memory.isPresent() && memoryErrors() == 0;
  }

  /** Wrong words that the load found, and whatever else shows broken memory. */
  long memoryErrors() {
    return Math.max(memory.map(MemoryStatus::errors).orElse(0L), faults.size());
  }

  Duration processorTime() {
    return sourceProcessor.plus(targetProcessor);
  }

  boolean completed() {
    return completed(migration);
  }

  double totalMillis() {
    return migration.elapsedSeconds() * 1000;
  }

  double linkMegabitsPerSecond() {
    return migration.elapsedSeconds() > 0 ? linkBytes * 8 / migration.elapsedSeconds() / 1e6 : 0;
  }

  /** When a migration is cancelled because it leads nowhere. */
  @FunctionalInterface
  interface GiveUp {
    GiveUp NEVER = _ -> Optional.empty();

    /** Asked at every look: why, if it is time. */
    Optional<String> reason(MigrationView view);
  }

  /** Moves the guest and watches; a migration that does not complete is a result, too. */
  static MeasuredMove run(
      Lab lab,
      LabGuest guest,
      String source,
      String target,
      HostControl agent,
      MigrationRequest request,
      GiveUp giveUp,
      Consumer<MigrationView> progress) {
    try (PingRecorder ping = new PingRecorder(lab.client(), lab.record().name(), guest.address())) {
      awaitAnswers(ping, guest);
      Programs.pause(QUIET);
      double quietGap = ping.trace().longestGapMillis(0);
      ProcessorTime processor = new ProcessorTime(lab);
      LinkCounters before = LinkCounters.ofMigrationLink(lab.node(source));
      LinkUse use = new LinkUse(lab.node(source));
      long started = System.currentTimeMillis();
      Optional<String> lost = Optional.empty();
      MigrationView view;
      try (use) {
        view = agent.migrate(request);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (view.outcome().isEmpty()) {
          Programs.pause(POLL);
          processor.look();
          view = agent.migration(view.id());
          progress.accept(view);
          if (lost.isEmpty()) {
            lost = giveUp.reason(view);
            if (lost.isPresent()) {
              cancel(agent, view);
            }
          }
          if (System.nanoTime() > deadline) {
            throw Problem.migration(
                    "migration-hangs",
                    "The migration %s did not end within %d minutes"
                        .formatted(view.id(), PATIENCE.toMinutes()),
                    "See the agents' logs in the lab's folder.")
                .asException();
          }
        }
      }
      LinkCounters link = LinkCounters.ofMigrationLink(lab.node(source)).since(before);
      Duration sourceSpent = processor.spent(source);
      Duration targetSpent = processor.spent(target);
      Programs.pause(SETTLE);
      double gap = ping.trace().longestGapMillis(started);
      String now = completed(view) ? target : source;
      Optional<MemoryStatus> memory = guest.awaitWholeSweep(now);
      guest.awaitBusy(now);
      guest.serial(source); // what it said there last
      return new MeasuredMove(
          view,
          gap,
          quietGap,
          ping.trace().unanswered(),
          link.sentBytes(),
          sourceSpent,
          targetSpent,
          memory,
          guest.faults(),
          use.points(),
          completed(view) ? Optional.empty() : lost);
    }
  }

  private static void cancel(HostControl agent, MigrationView view) {
    try {
      agent.cancelMigration(view.id());
    } catch (ProblemException tooLate) {
      // It is about to end by itself; how, the next looks will tell.
    }
  }

  private static boolean completed(MigrationView view) {
    return view.outcome().equals(Optional.of("completed"));
  }

  private static void awaitAnswers(PingRecorder ping, LabGuest guest) {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (ping.trace().answers() < 10) {
      if (System.nanoTime() > deadline) {
        throw Problem.migration(
                "guest-unreachable",
                "The guest %s does not answer the client's pings at %s"
                    .formatted(guest.name(), guest.address()),
                "Look at the guests' bridge with 'drover lab exec HOST -- bridge link'.")
            .asException();
      }
      Programs.pause(POLL);
    }
  }
}
