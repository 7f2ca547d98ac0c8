package io.drover.api;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;

/**
 * Follows {@code GET /v1/events}. One thread reads; any thread may close.
 *
 * <p>{@link #next} throws {@link UncheckedIOException} when the agent falls silent or the
 * connection breaks; a caller that can go on without events asks for the state instead.
 */
public final class EventReader implements Closeable {
  private final HttpExchange exchange;

  EventReader(HttpExchange exchange) {
    this.exchange = exchange;
  }

  /** Waits for an event; empty once the agent ended the stream. */
  public Optional<EventView> next() {
    try {
      StringBuilder data = new StringBuilder();
      while (true) {
        String line = exchange.line();
        if (line.startsWith("data: ")) {
          data.append(line, "data: ".length(), line.length());
        } else if (line.isEmpty() && !data.isEmpty()) {
          return Optional.of(Json.readView(data.toString(), EventView.class));
        }
      }
    } catch (EOFException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      exchange.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
