package io.drover.agent;

import io.drover.migration.PeerLink;
import io.drover.migration.SourceEvent;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.tunnel.ControlConnection;
import io.drover.tunnel.ControlEnd;
import io.drover.tunnel.ControlListener;
import io.drover.wire.PeerMessage;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The source's control connection, made again whenever it breaks. */
final class ControlLink implements PeerLink {
  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  private final String name;
  private final Supplier<ControlConnection> connector;
  private final Consumer<SourceEvent> events;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private Optional<ControlConnection> current = Optional.empty();
  private boolean begun;
  private boolean closed;

  ControlLink(String name, Supplier<ControlConnection> connector, Consumer<SourceEvent> events) {
    this.name = name;
    this.connector = connector;
    this.events = events;
  }

  @Override
  public void connect() {
    lock.lock();
    try {
      if (!begun) {
        begun = true;
        Thread.ofVirtual().name("control-" + name).start(this::keepConnected);
      }
    } finally {
      lock.unlock();
    }
  }

  private void keepConnected() {
    Duration pause = FIRST_PAUSE;
    try {
      while (true) {
        try {
          if (!use(connector.get())) {
            return;
          }
          pause = FIRST_PAUSE;
        } catch (ProblemException e) {
          events.accept(new SourceEvent.Unreachable(e.problem()));
        }
        if (!awaitRetry(pause)) {
          return;
        }
        Duration doubled = pause.multipliedBy(2);
        pause = doubled.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : doubled;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Serves one connection to its end; false when no other is wanted. */
  private boolean use(ControlConnection connection) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      if (closed) {
        connection.close();
        return false;
      }
      current = Optional.of(connection);
      events.accept(new SourceEvent.Connected());
      connection.start(new Listener(connection));
      while (current.isPresent() && !closed) {
        changed.await();
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  private boolean awaitRetry(Duration pause) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long nanos = pause.toNanos();
      while (!closed && nanos > 0) {
        nanos = changed.awaitNanos(nanos);
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  private final class Listener implements ControlListener {
    private final ControlConnection connection;

    Listener(ControlConnection connection) {
      this.connection = connection;
    }

    @Override
    public void received(PeerMessage message) {
      events.accept(new SourceEvent.FromPeer(message));
    }

    @Override
    public void ended(ControlEnd end) {
      String reason =
          switch (end) {
            case ControlEnd.Closed() -> "the target closed it";
            case ControlEnd.Lost(String why) -> why;
          };
      lock.lock();
      try {
        if (current.equals(Optional.of(connection))) {
          current = Optional.empty();
          if (!closed) {
            events.accept(new SourceEvent.Disconnected(reason));
          }
          changed.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  @Override
  public void send(PeerMessage message) {
    lock.lock();
    try {
      current.ifPresent(connection -> connection.send(message));
    } finally {
      lock.unlock();
    }
  }

  /** How long a message takes there and back, at best; zero while that is not known. */
  Duration roundTrip() {
    lock.lock();
    try {
      return current
          .flatMap(ControlConnection::roundTrip)
          .map(ControlConnection.RoundTrip::shortest)
          .orElse(Duration.ZERO);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    Optional<ControlConnection> open;
    lock.lock();
    try {
      closed = true;
      open = current;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    open.ifPresent(ControlConnection::close);
  }

  /** What a person is told where nobody can be connected to. */
  static Problem noPeer(String target) {
    return Problem.usage(
        "unknown-host",
        "Host '%s' is not among this host's peers".formatted(target),
        "Add it under 'peers' in the agent's configuration, with 'send: true'.");
  }
}
