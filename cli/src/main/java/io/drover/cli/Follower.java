package io.drover.cli;

import io.drover.api.ApiClient;
import io.drover.api.EventReader;
import io.drover.api.EventView;
import io.drover.api.MigrationView;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Watches a migration until it ends: by the agent's events, and by asking again and again when
 * these stop.
 */
final class Follower {
  private static final Duration POLL = Duration.ofMillis(500);

  private final ApiClient client;
  private final PrintWriter err;

  Follower(ApiClient client, PrintWriter err) {
    this.client = client;
    this.err = err;
  }

  /**
   * Shows every change and answers the whole report.
   *
   * @param events opened before {@code first} was asked for, so that nothing is missed
   */
  MigrationView follow(MigrationView first, EventReader events, Consumer<MigrationView> show) {
    Thread farewell = Thread.ofPlatform().unstarted(() -> sayThatItGoesOn(first.id()));
    Runtime.getRuntime().addShutdownHook(farewell);
    try {
      show.accept(first);
      MigrationView latest = first;
      while (!isOver(latest)) {
        Optional<EventView> event = next(events);
        if (event.isEmpty() || event.get().kind().equals("dropped")) {
          return poll(latest, show);
        }
        Optional<MigrationView> news =
            event.get().migration().filter(view -> view.id().equals(first.id()));
        if (news.isPresent()) {
          latest = news.get();
          show.accept(latest);
        }
      }
      return latest;
    } finally {
      Runtime.getRuntime().removeShutdownHook(farewell);
    }
  }

  private static boolean isOver(MigrationView view) {
    return view.outcome().isPresent();
  }

  private static Optional<EventView> next(EventReader events) {
    try {
      return events.next();
    } catch (UncheckedIOException silence) {
      return Optional.empty();
    }
  }

  private MigrationView poll(MigrationView last, Consumer<MigrationView> show) {
    MigrationView latest = last;
    while (!isOver(latest)) {
      try {
        Thread.sleep(POLL);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return latest;
      }
      latest = client.migration(last.id());
      show.accept(latest);
    }
    return latest;
  }

  private void sayThatItGoesOn(String id) {
    err.println();
    err.println("The migration goes on without you.");
    err.println("Follow it: drover migration watch " + id);
    err.println("Stop it:   drover migration cancel " + id);
    err.flush();
  }
}
