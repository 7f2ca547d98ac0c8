package io.drover.testkit;

import io.drover.wire.PeerMessage;
import java.util.ArrayDeque;
import java.util.Optional;

/**
 * The control link. Each connection delivers in order and loses what is on its way when it is cut;
 * the two ends notice the end of a connection at different times. What a killed agent had already
 * sent still arrives, possibly after its successor's new connection.
 */
final class SimLink {
  private final SimWorld world;
  private int connections;

  SimLink(SimWorld world) {
    this.world = world;
  }

  /** One direction's next item: a message, or nothing for the end of the connection. */
  private static final class Pipe {
    final ArrayDeque<Optional<PeerMessage>> items = new ArrayDeque<>();
    long lastAtMillis;
  }

  /** One connection from source to target. */
  final class Connection {
    final int number = ++connections;
    private final Pipe toTarget = new Pipe();
    private final Pipe toSource = new Pipe();
    private boolean cut;

    boolean cut() {
      return cut;
    }

    void sendToTarget(PeerMessage message) {
      push(toTarget, Optional.of(message));
    }

    void sendToSource(PeerMessage message) {
      push(toSource, Optional.of(message));
    }

    private void push(Pipe pipe, Optional<PeerMessage> item) {
      if (cut) {
        return;
      }
      pipe.items.add(item);
      schedule(pipe, world.simulation().between(1, 20));
    }

    private void schedule(Pipe pipe, long delayMillis) {
      Simulation simulation = world.simulation();
      pipe.lastAtMillis = Math.max(pipe.lastAtMillis, simulation.nowMillis() + delayMillis);
      simulation.at(pipe.lastAtMillis, () -> pump(pipe));
    }

    private void pump(Pipe pipe) {
      long frozen = world.network().controlFrozenMillis();
      if (frozen > 0) {
        schedule(pipe, frozen);
        return;
      }
      Optional<PeerMessage> item = pipe.items.poll();
      if (item == null) {
        return;
      }
      if (item.isEmpty()) {
        noticeEnd(pipe);
      } else if (pipe == toTarget) {
        world.target().received(this, item.get());
      } else {
        world.source().received(this, item.get());
      }
    }

    private void noticeEnd(Pipe pipe) {
      if (pipe == toTarget) {
        world.target().disconnected(this);
      } else {
        world.source().disconnected(this);
      }
    }

    /** The network breaks it: both ends notice, each in its own time. */
    void cutNow() {
      if (cut) {
        return;
      }
      cut = true;
      toTarget.items.clear();
      toSource.items.clear();
      Simulation simulation = world.simulation();
      simulation.after(simulation.between(0, 3000), () -> world.target().disconnected(this));
      simulation.after(simulation.between(0, 3000), () -> world.source().disconnected(this));
    }

    /** One end closes it, or dies: what it sent still arrives, then the end. */
    void closedBySource() {
      push(toTarget, Optional.empty());
    }

    void closedByTarget() {
      push(toSource, Optional.empty());
    }
  }

  Connection open() {
    return new Connection();
  }
}
