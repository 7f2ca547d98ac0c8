package io.drover.agent;

import io.drover.api.EventSource;
import io.drover.api.EventView;
import io.drover.api.GuestView;
import io.drover.api.MigrationView;
import io.drover.model.Problem;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Tells everybody who listens what happens to migrations and guests. Publishing never waits: a
 * subscriber that lets {@link #CAPACITY} events pile up gets those, then one of kind {@code
 * dropped}, then the end. Safe for use by any thread.
 */
final class EventFeed {
  static final int CAPACITY = 512;
  static final int MAX_SUBSCRIBERS = 64;

  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Subscription> subscriptions = new ArrayList<>();
  private long sequence;

  EventFeed(InstantSource clock) {
    this.clock = clock;
  }

  void publish(MigrationView migration) {
    publish("migration", Optional.of(migration), Optional.empty());
  }

  void publish(GuestView guest) {
    publish("guest", Optional.empty(), Optional.of(guest));
  }

  EventSource subscribe() {
    lock.lock();
    try {
      if (subscriptions.size() == MAX_SUBSCRIBERS) {
        throw Problem.full(
                "too-many-followers",
                "%d programs follow this agent's events already".formatted(MAX_SUBSCRIBERS),
                "End some of them; 'drover migration watch' is one.")
            .asException();
      }
      Subscription subscription = new Subscription();
      subscriptions.add(subscription);
      return subscription;
    } finally {
      lock.unlock();
    }
  }

  private void publish(String kind, Optional<MigrationView> migration, Optional<GuestView> guest) {
    lock.lock();
    try {
      EventView event =
          new EventView(++sequence, clock.instant().toEpochMilli(), kind, migration, guest);
      List.copyOf(subscriptions).forEach(subscription -> subscription.offer(event));
    } finally {
      lock.unlock();
    }
  }

  private final class Subscription implements EventSource {
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<EventView> waiting = new ArrayDeque<>();
    private boolean ended;

    /** Called with the lock held. */
    private void offer(EventView event) {
      if (waiting.size() < CAPACITY) {
        waiting.add(event);
      } else {
        waiting.add(
            new EventView(
                event.sequence(),
                event.atEpochMillis(),
                "dropped",
                Optional.empty(),
                Optional.empty()));
        end();
      }
      changed.signal();
    }

    private void end() {
      ended = true;
      subscriptions.remove(this);
    }

    @Override
    public Optional<EventView> next(Duration patience) throws InterruptedException {
      long nanos = patience.toNanos();
      lock.lockInterruptibly();
      try {
        while (waiting.isEmpty() && !ended && nanos > 0) {
          nanos = changed.awaitNanos(Math.min(nanos, TimeUnit.DAYS.toNanos(1)));
        }
        return Optional.ofNullable(waiting.poll());
      } finally {
        lock.unlock();
      }
    }

    @Override
    public boolean ended() {
      lock.lock();
      try {
        return ended && waiting.isEmpty();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      lock.lock();
      try {
        end();
        waiting.clear();
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
