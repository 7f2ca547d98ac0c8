package io.drover.network;

import io.drover.model.GuestName;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** The names of the guests of this host, for itself and whoever asks. Safe for all threads. */
final class HostNames {
  /**
   * For so long a guest that left is still told of: its names must not be gone before its new
   * host's word of them, which then counts more, is everywhere.
   */
  static final Duration LINGER = Duration.ofSeconds(10);

  private final LongSupplier nanos;
  private final Map<GuestName, GuestNames> told = new HashMap<>();
  private final Map<GuestName, Long> leftNanos = new HashMap<>();
  private long version;

  /**
   * All names at one moment.
   *
   * @param version another one means that something has changed
   */
  record Snapshot(long version, Map<GuestName, GuestNames> guests) {}

  HostNames(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /** The guest is here. */
  synchronized void here(GuestNames names) {
    leftNanos.remove(names.guest());
    if (names.cards().isEmpty()) {
      ended(names.guest());
    } else if (!names.equals(told.put(names.guest(), names))) {
      changed();
    }
  }

  /** The guest is another host's. */
  synchronized void left(GuestName guest) {
    if (told.containsKey(guest)) {
      leftNanos.putIfAbsent(guest, nanos.getAsLong());
    }
  }

  /** The guest is no more. */
  synchronized void ended(GuestName guest) {
    leftNanos.remove(guest);
    if (told.remove(guest) != null) {
      changed();
    }
  }

  synchronized Snapshot now() {
    return new Snapshot(version(), Map.copyOf(told));
  }

  synchronized long version() {
    long now = nanos.getAsLong();
    leftNanos.entrySet().stream()
        .filter(left -> now - left.getValue() > LINGER.toNanos())
        .map(Map.Entry::getKey)
        .toList()
        .forEach(this::ended);
    return version;
  }

  /** Waits for another version, but not for longer than {@code limit}. */
  synchronized void awaitOther(long known, Duration limit) throws InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    long left = limit.toMillis();
    while (version == known && left > 0) {
      wait(left);
      left = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
    }
  }

  private void changed() {
    version++;
    notifyAll();
  }
}
