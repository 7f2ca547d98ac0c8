package io.drover.qemu;

import io.drover.migration.HypervisorEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Keeps what a hypervisor said, and waits for more. */
final class EventLog implements Consumer<HypervisorEvent> {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private final List<HypervisorEvent> events = new ArrayList<>();
  private int position;

  @Override
  public synchronized void accept(HypervisorEvent event) {
    events.add(event);
    notifyAll();
  }

  /** The next event of a kind, in order; earlier ones are passed over. */
  <T extends HypervisorEvent> T await(Class<T> kind) {
    return kind.cast(await(kind::isInstance, kind.getSimpleName()));
  }

  synchronized HypervisorEvent await(Predicate<HypervisorEvent> wanted, String what) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      while (position < events.size()) {
        HypervisorEvent event = events.get(position++);
        if (wanted.test(event)) {
          return event;
        }
      }
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new AssertionError("no " + what + " within " + PATIENCE + ": " + events);
      }
      try {
        wait(left);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  synchronized List<HypervisorEvent> after(Class<? extends HypervisorEvent> kind) {
    return events.stream().dropWhile(event -> !kind.isInstance(event)).toList();
  }

  synchronized boolean has(Class<? extends HypervisorEvent> kind) {
    return events.stream().anyMatch(kind::isInstance);
  }
}
