package io.drover.testkit;

import io.drover.migration.HypervisorEvent;
import io.drover.migration.TransferState;
import java.util.Optional;

/** A hypervisor at the target, started with -S: it executes only after {@link #run}. */
final class SimTarget {
  /** What the incoming side is doing. */
  enum Incoming {
    NONE,
    ACTIVE,
    /** The post-copy package is being loaded; a break now ends the process. */
    LOADING,
    POSTCOPY,
    POSTCOPY_PAUSED,
    RECOVERING,
    COMPLETED,
    FAILED
  }

  private final SimWorld world;
  private final int generation;
  private final SimEventStream events;
  private boolean alive = true;
  private Incoming incoming = Incoming.NONE;
  private boolean autostart;
  private boolean executing;
  private boolean everExecuted;
  private Optional<SimChannels> channels = Optional.empty();
  private long listenTicket = -1;

  SimTarget(SimWorld world, int generation) {
    this.world = world;
    this.generation = generation;
    this.events =
        new SimEventStream(
            world.simulation(),
            event -> world.target().fromHypervisor(this, event),
            "target QEMU " + generation);
  }

  int generation() {
    return generation;
  }

  boolean alive() {
    return alive;
  }

  boolean executing() {
    return alive && executing;
  }

  /** Whether nothing keeps it from executing any more. */
  boolean mayExecute() {
    return alive && (executing || autostart);
  }

  boolean everExecuted() {
    return everExecuted;
  }

  boolean hasEverything() {
    return incoming == Incoming.COMPLETED;
  }

  Incoming incoming() {
    return incoming;
  }

  // ---- commands ----

  void listen(int attempt, long ticket) throws SimCommandFailed {
    requireAlive();
    if (attempt == 0 ? incoming != Incoming.NONE : incoming != Incoming.POSTCOPY_PAUSED) {
      throw new SimCommandFailed("cannot listen for attempt " + attempt + " in " + incoming);
    }
    listenTicket = ticket;
  }

  void run() throws SimCommandFailed {
    requireAlive();
    switch (incoming) {
      case NONE, ACTIVE, LOADING -> autostart = true;
      case POSTCOPY, POSTCOPY_PAUSED, RECOVERING, COMPLETED -> execute();
      case FAILED -> throw new SimCommandFailed("nothing is loaded");
    }
  }

  void breakTransfer() {
    channels.filter(c -> alive).ifPresent(c -> c.breakNow(200, 20));
  }

  void quit() {
    if (alive) {
      alive = false;
      world.simulation().tell(() -> "target QEMU " + generation + " is ended");
      channels.filter(c -> !c.broken()).ifPresent(c -> c.breakNow(200, 20));
    }
  }

  TransferState transferState() {
    if (!alive) {
      return TransferState.GONE;
    }
    return switch (incoming) {
      case NONE -> TransferState.NONE;
      case ACTIVE -> TransferState.ACTIVE;
      case LOADING, POSTCOPY, RECOVERING -> TransferState.POSTCOPY;
      case POSTCOPY_PAUSED -> TransferState.POSTCOPY_PAUSED;
      case COMPLETED -> TransferState.COMPLETED;
      case FAILED -> TransferState.FAILED;
    };
  }

  // ---- what the other side and the world do to it ----

  boolean accepts(long ticket) {
    return alive && listenTicket == ticket && ticket >= 0;
  }

  void connected(SimChannels fresh) {
    listenTicket = -1;
    channels = Optional.of(fresh);
    if (incoming == Incoming.NONE) {
      incoming = Incoming.ACTIVE;
      events.emit(new HypervisorEvent.TransferActive(0));
    } else {
      incoming = Incoming.RECOVERING;
    }
  }

  void loadedAll() {
    if (alive && incoming == Incoming.ACTIVE) {
      completed();
    }
  }

  void packageArrived(SimChannels by) {
    if (!alive || incoming != Incoming.ACTIVE) {
      return;
    }
    incoming = Incoming.LOADING;
    events.emit(new HypervisorEvent.PostCopyActive(0));
    world
        .simulation()
        .after(
            world.simulation().between(1, 60),
            () -> {
              if (alive && incoming == Incoming.LOADING && channels.equals(Optional.of(by))) {
                incoming = Incoming.POSTCOPY;
                if (autostart) {
                  execute();
                }
              }
            });
  }

  boolean takesPages() {
    return alive && incoming == Incoming.POSTCOPY;
  }

  void allPages() {
    completed();
  }

  boolean recovers() {
    return alive && incoming == Incoming.RECOVERING;
  }

  void recovered() {
    incoming = Incoming.POSTCOPY;
    events.emit(new HypervisorEvent.PostCopyRecovered(0));
  }

  private void completed() {
    incoming = Incoming.COMPLETED;
    world.everythingArrived();
    events.emit(new HypervisorEvent.TransferCompleted(0));
    if (autostart) {
      execute();
    }
  }

  private void execute() {
    autostart = false;
    if (!executing) {
      world.disks().runsAtTarget();
      executing = true;
      everExecuted = true;
      world.simulation().tell(() -> "target QEMU " + generation + " EXECUTES");
      events.emit(new HypervisorEvent.GuestResumed(0));
    }
  }

  void channelsClosed(SimChannels closed) {
    if (!alive || !channels.equals(Optional.of(closed))) {
      return;
    }
    switch (incoming) {
      case ACTIVE, LOADING -> {
        if (world.simulation().chance(80)) {
          exit("load of migration failed");
        } else {
          incoming = Incoming.FAILED;
          events.emit(new HypervisorEvent.TransferFailed("load of migration failed", false, 0));
        }
      }
      case POSTCOPY, RECOVERING -> {
        incoming = Incoming.POSTCOPY_PAUSED;
        events.emit(new HypervisorEvent.PostCopyPaused("IO failure", 0));
      }
      case NONE, POSTCOPY_PAUSED, COMPLETED, FAILED -> {}
    }
  }

  void kill() {
    if (alive) {
      exit("killed");
    }
  }

  void powerOff() {
    if (executing()) {
      world.poweredOff();
      events.emit(new HypervisorEvent.GuestPoweredOff(0));
      exit("powered off");
    }
  }

  private void exit(String reason) {
    alive = false;
    world.simulation().tell(() -> "target QEMU " + generation + " exits: " + reason);
    events.emit(new HypervisorEvent.ProcessExited(reason, 0));
    world.disks().targetHypervisorDied();
    channels.filter(c -> !c.broken()).ifPresent(c -> c.breakNow(200, 20));
  }

  private void requireAlive() throws SimCommandFailed {
    if (!alive) {
      throw new SimCommandFailed("the process is gone");
    }
  }

  @Override
  public String toString() {
    return "target QEMU %d %s %s%s"
        .formatted(generation, alive ? "alive" : "dead", incoming, executing() ? " executing" : "");
  }
}
