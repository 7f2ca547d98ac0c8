package io.drover.api;

import java.time.Duration;
import java.util.Optional;

/** Where a stream of events comes from; used by one thread at a time. */
public interface EventSource extends AutoCloseable {

  /** The next event, or empty when none came in time. */
  Optional<EventView> next(Duration patience) throws InterruptedException;

  /** Whether no event will ever come again; asked after {@link #next} was empty. */
  boolean ended();

  @Override
  void close();
}
