package io.drover.tunnel;

import io.drover.model.HostName;
import io.drover.model.MigrationId;
import io.drover.model.ProblemException;
import io.drover.wire.Frames;
import io.drover.wire.PeerMessage;
import io.drover.wire.Protocol;
import io.drover.wire.WireCodec;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The conversation of two agents about one migration.
 *
 * <p>Both sides send a heartbeat every second and answer the other's at once. A peer whose answers
 * stay away for the time of {@link Timing#silence} is lost: whether it is dead, cut off, stopped
 * reading or stopped answering makes no difference. Neither sending nor a slow listener can block
 * the heartbeats: both have a bounded queue of their own, and a queue that is full ends the
 * connection.
 */
public final class ControlConnection implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlConnection.class);
  private static final int QUEUE = 256;

  /**
   * How often to ask and how long to wait.
   *
   * @param silence after which the peer is lost
   */
  public record Timing(Duration heartbeat, Duration silence) {
    public static final Timing DEFAULT = new Timing(Duration.ofSeconds(1), Duration.ofSeconds(5));
  }

  /** How long a message takes there and back. */
  public record RoundTrip(Duration shortest, Duration latest) {}

  private sealed interface Incoming {
    record Message(PeerMessage message) implements Incoming {}

    record End(ControlEnd end) implements Incoming {}
  }

  private sealed interface Outgoing {
    record Message(PeerMessage message) implements Outgoing {}

    record End() implements Outgoing {}
  }

  private final TlsChannel channel;
  private final HostName peer;
  private final MigrationId migration;
  private final Timing timing;
  private final BlockingQueue<Outgoing> outgoing = new ArrayBlockingQueue<>(QUEUE);
  // One place is kept for the end, which must always fit.
  private final BlockingQueue<Incoming> incoming = new ArrayBlockingQueue<>(QUEUE + 1);
  private final AtomicBoolean ended = new AtomicBoolean();
  private volatile Optional<RoundTrip> roundTrip = Optional.empty();
  private volatile long answeredNanos;
  private volatile long sentSequence;
  private volatile long sentNanos;
  private volatile boolean closing;

  ControlConnection(TlsChannel channel, HostName peer, MigrationId migration, Timing timing) {
    this.channel = channel;
    this.peer = peer;
    this.migration = migration;
    this.timing = timing;
  }

  public HostName peer() {
    return peer;
  }

  public MigrationId migration() {
    return migration;
  }

  /** Empty until the first heartbeat was answered. */
  public Optional<RoundTrip> roundTrip() {
    return roundTrip;
  }

  /** Begins the conversation; to be called once. */
  public void start(ControlListener listener) {
    answeredNanos = System.nanoTime();
    thread("deliver", () -> deliver(listener));
    thread("read", this::read);
    thread("write", this::write);
    thread("heartbeat", this::heartbeat);
  }

  private void thread(String what, Runnable body) {
    Thread.ofVirtual().name("control-" + migration + "-" + what).start(body);
  }

  /**
   * Sends without waiting. What cannot be sent any more is dropped: the listener is then told of
   * the connection's end.
   */
  public void send(PeerMessage message) {
    if (ended.get() || closing) {
      LOG.debug("dropped a {} after the end", message.getClass().getSimpleName());
    } else if (!outgoing.offer(new Outgoing.Message(message))) {
      finish(new ControlEnd.Lost("host " + peer + " does not read what it is sent"));
    }
  }

  private void write() {
    try {
      OutputStream out = channel.out();
      while (!ended.get()) {
        switch (outgoing.take()) {
          case Outgoing.Message(PeerMessage message) ->
              Frames.write(out, WireCodec.encode(message));
          case Outgoing.End() -> {
            channel.shutdownOutput();
            return;
          }
        }
      }
    } catch (IOException e) {
      finish(new ControlEnd.Lost(reason(e)));
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts this thread", e);
    }
  }

  private void read() {
    try {
      InputStream in = channel.in();
      for (Optional<byte[]> frame = Frames.read(in, Protocol.MAX_FRAME_BYTES);
          frame.isPresent();
          frame = Frames.read(in, Protocol.MAX_FRAME_BYTES)) {
        read(WireCodec.decodePeerMessage(frame.get()));
      }
      finish(new ControlEnd.Closed());
    } catch (IOException e) {
      finish(closing ? new ControlEnd.Closed() : new ControlEnd.Lost(reason(e)));
    } catch (ProblemException e) {
      LOG.warn("control connection with {} ended: {}", peer, e.problem());
      finish(new ControlEnd.Lost(e.problem().message()));
    }
  }

  private void read(PeerMessage message) {
    switch (message) {
      case PeerMessage.Heartbeat(long sequence) -> send(new PeerMessage.HeartbeatReply(sequence));
      case PeerMessage.HeartbeatReply(long sequence) -> answered(sequence);
      case PeerMessage other -> {
        if (incoming.remainingCapacity() <= 1 || !incoming.offer(new Incoming.Message(other))) {
          finish(new ControlEnd.Lost("host " + peer + " sends faster than can be handled"));
        }
      }
    }
  }

  private void answered(long sequence) {
    if (sequence != sentSequence) {
      return; // late: a newer one is under way, and its answer counts
    }
    long now = System.nanoTime();
    answeredNanos = now;
    Duration latest = Duration.ofNanos(now - sentNanos);
    Duration shortest =
        roundTrip.map(RoundTrip::shortest).filter(s -> s.compareTo(latest) < 0).orElse(latest);
    roundTrip = Optional.of(new RoundTrip(shortest, latest)); // only this thread writes it
  }

  private void heartbeat() {
    long sequence = 0;
    try {
      while (!ended.get() && !closing) {
        long quiet = System.nanoTime() - answeredNanos;
        if (quiet > timing.silence().toNanos()) {
          finish(
              new ControlEnd.Lost(
                  "host %s has not answered for %d ms".formatted(peer, quiet / 1_000_000)));
          return;
        }
        // While one is unanswered another would not be answered sooner; but a link that came
        // back needs no new one either: TCP repeats it.
        if (sentNanos == 0 || answeredNanos - sentNanos >= 0) {
          sentNanos = System.nanoTime();
          sequence++;
          sentSequence = sequence;
          send(new PeerMessage.Heartbeat(sequence));
        }
        long left = timing.silence().toNanos() - (System.nanoTime() - answeredNanos);
        Thread.sleep(Duration.ofNanos(Math.clamp(left, 1, timing.heartbeat().toNanos())));
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts this thread", e);
    }
  }

  private void deliver(ControlListener listener) {
    try {
      while (true) {
        switch (incoming.take()) {
          case Incoming.Message(PeerMessage message) -> listener.received(message);
          case Incoming.End(ControlEnd how) -> {
            listener.ended(how);
            return;
          }
        }
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts this thread", e);
    }
  }

  private static String reason(IOException e) {
    String message = e.getMessage();
    return message == null || message.isBlank() ? e.getClass().getSimpleName() : message;
  }

  private void finish(ControlEnd how) {
    if (ended.compareAndSet(false, true)) {
      closing = true;
      try {
        channel.close();
      } catch (IOException e) {
        LOG.debug("control connection with {} did not close cleanly", peer, e);
      }
      outgoing.clear();
      outgoing.offer(new Outgoing.End()); // wakes the writer
      if (!incoming.offer(new Incoming.End(how))) {
        throw new IllegalStateException("no room for the end of a conversation");
      }
    }
  }

  /** Sends what is queued, says that this was all, and waits a moment for the peer's last word. */
  @Override
  public void close() {
    if (!closing) {
      closing = true;
      if (!outgoing.offer(new Outgoing.End())) {
        finish(new ControlEnd.Lost("host " + peer + " does not read what it is sent"));
        return;
      }
      thread(
          "close",
          () -> {
            try {
              Thread.sleep(timing.heartbeat());
              finish(new ControlEnd.Closed());
            } catch (InterruptedException e) {
              throw new IllegalStateException("nobody interrupts this thread", e);
            }
          });
    }
  }
}
