package io.drover.testkit;

import io.drover.migration.HypervisorEvent;
import io.drover.migration.TransferState;
import java.util.Optional;

/** The hypervisor at the source, with the transfer that it drives. */
final class SimSource {
  /** What the outgoing side is doing. */
  enum Outgoing {
    NONE,
    ACTIVE,
    /** Stopped; the last bytes or the post-copy package are leaving. */
    DEVICE,
    POSTCOPY,
    POSTCOPY_PAUSED,
    RECOVERING,
    COMPLETED,
    FAILED
  }

  private final SimWorld world;
  private final Simulation simulation;
  private final SimEventStream events;
  private boolean alive = true;
  private boolean guestPaused;
  private boolean stoppedByMigration;
  private Outgoing outgoing = Outgoing.NONE;
  private boolean postCopyWanted;
  private Optional<SimChannels> channels = Optional.empty();
  private long pagesLeft;
  private Optional<Runnable> atTheSwitch = Optional.empty();

  SimSource(SimWorld world, boolean guestRuns) {
    this.world = world;
    this.simulation = world.simulation();
    this.guestPaused = !guestRuns;
    this.events =
        new SimEventStream(simulation, e -> world.source().fromHypervisor(e), "source QEMU");
  }

  boolean alive() {
    return alive;
  }

  boolean executing() {
    return alive && !guestPaused && !stoppedByMigration;
  }

  Outgoing outgoing() {
    return outgoing;
  }

  boolean split() {
    return switch (outgoing) {
      case POSTCOPY, POSTCOPY_PAUSED, RECOVERING -> true;
      case NONE, ACTIVE, DEVICE, COMPLETED, FAILED -> false;
    };
  }

  Optional<SimChannels> channels() {
    return channels;
  }

  void tell(HypervisorEvent event) {
    events.emit(event);
  }

  // ---- commands ----

  void configure() throws SimCommandFailed {
    requireAlive();
    if (outgoing != Outgoing.NONE || simulation.chance(1)) {
      throw new SimCommandFailed("cannot configure in " + outgoing);
    }
  }

  void startTransfer(long ticket) throws SimCommandFailed {
    requireAlive();
    if (outgoing != Outgoing.NONE) {
      throw new SimCommandFailed("there's a migration process in progress: " + outgoing);
    }
    outgoing = Outgoing.ACTIVE;
    events.emit(new HypervisorEvent.TransferActive(0));
    SimChannels fresh = new SimChannels(world);
    channels = Optional.of(fresh);
    connect(fresh, ticket, target -> copyPass(fresh, target, 1));
  }

  private void connect(
      SimChannels fresh, long ticket, java.util.function.Consumer<SimTarget> then) {
    fresh.afterFlowing(
        simulation.between(5, 40),
        () -> {
          Optional<SimTarget> target =
              world.network().channelsUp() && world.target().holdsTicket(ticket)
                  ? world.targets().stream().filter(t -> t.accepts(ticket)).findFirst()
                  : Optional.empty();
          target.ifPresentOrElse(
              t -> {
                t.connected(fresh);
                then.accept(t);
              },
              () -> fresh.breakNow(300, 0));
        });
  }

  private void copyPass(SimChannels by, SimTarget target, int pass) {
    by.afterFlowing(
        simulation.between(20, 400),
        () -> {
          if (!alive || outgoing != Outgoing.ACTIVE) {
            return;
          }
          if (postCopyWanted) {
            leaveForPostCopy(by, target);
          } else if (world.converges(pass)) {
            finishPreCopy(by, target);
          } else {
            events.emit(new HypervisorEvent.PassStarted(pass + 1, 0));
            copyPass(by, target, pass + 1);
          }
        });
  }

  /** With a disk that moves the transfer waits then, until it is let go on. */
  private void stopForSwitch(Runnable then) {
    outgoing = Outgoing.DEVICE;
    stoppedByMigration = true;
    if (!guestPaused) {
      events.emit(new HypervisorEvent.GuestStopped(0));
    }
    if (!world.disks().moving()) {
      then.run();
      return;
    }
    world
        .disks()
        .whenNothingHangs(
            simulation.between(0, 5),
            () -> {
              if (alive && outgoing == Outgoing.DEVICE) {
                atTheSwitch = Optional.of(then);
                events.emit(new HypervisorEvent.SwitchPaused(0));
              }
            });
  }

  void continueSwitch() throws SimCommandFailed {
    requireAlive();
    Runnable then =
        atTheSwitch.orElseThrow(() -> new SimCommandFailed("the transfer does not wait"));
    atTheSwitch = Optional.empty();
    if (outgoing == Outgoing.DEVICE) {
      if (channels.map(SimChannels::broken).orElse(true)) {
        failed();
      } else {
        then.run();
      }
    }
  }

  private void finishPreCopy(SimChannels by, SimTarget target) {
    stopForSwitch(
        () ->
            by.afterFlowing(
                simulation.between(2, 100),
                () -> {
                  if (alive && outgoing == Outgoing.DEVICE) {
                    target.loadedAll();
                    by.afterFlowing(simulation.between(1, 60), this::acknowledged);
                  }
                }));
  }

  private void acknowledged() {
    if (alive && (outgoing == Outgoing.DEVICE || outgoing == Outgoing.POSTCOPY)) {
      outgoing = Outgoing.COMPLETED;
      events.emit(new HypervisorEvent.TransferCompleted(0));
    }
  }

  private void leaveForPostCopy(SimChannels by, SimTarget target) {
    stopForSwitch(() -> sendPackage(by, target));
  }

  private void sendPackage(SimChannels by, SimTarget target) {
    by.afterFlowing(
        simulation.between(2, 40),
        () -> {
          if (!alive || outgoing != Outgoing.DEVICE) {
            return;
          }
          outgoing = Outgoing.POSTCOPY;
          pagesLeft = simulation.between(1, 30);
          world.switchLeft();
          events.emit(new HypervisorEvent.PostCopyActive(0));
          by.afterFlowing(
              simulation.between(1, 60),
              () -> {
                target.packageArrived(by);
                sendPages(by, target);
              });
        });
  }

  private void sendPages(SimChannels by, SimTarget target) {
    by.afterFlowing(
        simulation.between(10, 200),
        () -> {
          if (!alive || outgoing != Outgoing.POSTCOPY || !target.alive()) {
            return;
          }
          if (target.takesPages() && --pagesLeft <= 0) {
            target.allPages();
            by.afterFlowing(simulation.between(1, 60), this::acknowledged);
          } else {
            sendPages(by, target);
          }
        });
  }

  void switchToPostCopy() throws SimCommandFailed {
    requireAlive();
    if (outgoing != Outgoing.ACTIVE) {
      throw new SimCommandFailed("no transfer to switch: " + outgoing);
    }
    postCopyWanted = true;
  }

  void cancelTransfer() throws SimCommandFailed {
    requireAlive();
    switch (outgoing) {
      case ACTIVE, DEVICE -> {
        outgoing = Outgoing.FAILED;
        atTheSwitch = Optional.empty();
        events.emit(new HypervisorEvent.TransferCancelled(0));
        guestGoesOn();
        channels.ifPresent(c -> c.breakNow(20, 200));
      }
      case POSTCOPY, POSTCOPY_PAUSED, RECOVERING ->
          throw new SimCommandFailed("Postcopy migration in progress, cannot cancel.");
      case NONE, COMPLETED, FAILED -> {}
    }
  }

  void breakTransfer() throws SimCommandFailed {
    requireAlive();
    if (atTheSwitch.isPresent()) {
      cancelTransfer();
    }
    channels.ifPresent(c -> c.breakNow(20, 200));
  }

  void resumeTransfer(long ticket) throws SimCommandFailed {
    requireAlive();
    if (outgoing != Outgoing.POSTCOPY_PAUSED) {
      throw new SimCommandFailed("cannot resume in " + outgoing);
    }
    outgoing = Outgoing.RECOVERING;
    SimChannels fresh = new SimChannels(world);
    channels = Optional.of(fresh);
    connect(
        fresh,
        ticket,
        target ->
            fresh.afterFlowing(
                simulation.between(10, 300),
                () -> {
                  if (alive && outgoing == Outgoing.RECOVERING && target.recovers()) {
                    outgoing = Outgoing.POSTCOPY;
                    target.recovered();
                    events.emit(new HypervisorEvent.PostCopyRecovered(0));
                    sendPages(fresh, target);
                  }
                }));
  }

  /** The relay's doing, not this hypervisor's: feeds a fresh target the switch once more. */
  void replay(long ticket, Runnable failed) {
    SimChannels fresh = new SimChannels(world);
    connect(
        fresh,
        ticket,
        target ->
            fresh.afterFlowing(
                simulation.between(10, 200),
                () -> {
                  target.packageArrived(fresh);
                  pagesLeft = simulation.between(5, 40);
                  fresh.afterFlowing(70, () -> fresh.breakNow(0, 100));
                }));
    simulation.after(
        1000,
        () -> {
          if (!fresh.broken()) {
            fresh.breakNow(0, 100);
            failed.run();
          } else if (simulation.chance(50)
              && world.targets().stream()
                  .noneMatch(t -> t.alive() && t.incoming() != SimTarget.Incoming.NONE)) {
            failed.run();
          }
        });
  }

  void stopGuest() throws SimCommandFailed {
    requireAlive();
    guestPaused = true;
    events.emit(new HypervisorEvent.GuestStopped(0));
  }

  void continueGuest() throws SimCommandFailed {
    requireAlive();
    if (split() || outgoing == Outgoing.DEVICE) {
      throw new SimCommandFailed("cannot continue in " + outgoing);
    }
    boolean before = executing();
    guestPaused = false;
    stoppedByMigration = false;
    if (!before) {
      simulation.tell(() -> "source QEMU EXECUTES");
      events.emit(new HypervisorEvent.GuestResumed(0));
    }
  }

  void quit() {
    if (alive) {
      simulation.tell(() -> "source QEMU is ended");
      alive = false;
      channels.filter(c -> !c.broken()).ifPresent(c -> c.breakNow(20, 200));
    }
  }

  TransferState transferState() {
    if (!alive) {
      return TransferState.GONE;
    }
    return switch (outgoing) {
      case NONE -> TransferState.NONE;
      case ACTIVE, DEVICE -> TransferState.ACTIVE;
      case POSTCOPY, RECOVERING -> TransferState.POSTCOPY;
      case POSTCOPY_PAUSED -> TransferState.POSTCOPY_PAUSED;
      case COMPLETED -> TransferState.COMPLETED;
      case FAILED -> TransferState.FAILED;
    };
  }

  // ---- what the world does to it ----

  void channelsClosed(SimChannels closed) {
    if (!alive || !channels.equals(Optional.of(closed))) {
      return;
    }
    switch (outgoing) {
      case ACTIVE, DEVICE -> {
        // Where it waits to be let go on it looks at nothing.
        if (atTheSwitch.isEmpty()) {
          failed();
        }
      }
      case POSTCOPY, RECOVERING -> {
        outgoing = Outgoing.POSTCOPY_PAUSED;
        events.emit(new HypervisorEvent.PostCopyPaused("IO failure", 0));
      }
      case NONE, POSTCOPY_PAUSED, COMPLETED, FAILED -> {}
    }
  }

  private void failed() {
    outgoing = Outgoing.FAILED;
    boolean runs = !guestPaused;
    events.emit(new HypervisorEvent.TransferFailed("channel error", runs, 0));
    guestGoesOn();
  }

  private void guestGoesOn() {
    boolean wasStopped = stoppedByMigration;
    stoppedByMigration = false;
    if (wasStopped && !guestPaused) {
      simulation.tell(() -> "source QEMU EXECUTES again");
      events.emit(new HypervisorEvent.GuestResumed(0));
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
    simulation.tell(() -> "source QEMU exits: " + reason);
    events.emit(new HypervisorEvent.ProcessExited(reason, 0));
    // What it had already written still flows for a moment.
    channels.ifPresent(c -> simulation.after(simulation.between(0, 60), () -> c.breakNow(20, 100)));
  }

  private void requireAlive() throws SimCommandFailed {
    if (!alive) {
      throw new SimCommandFailed("the process is gone");
    }
  }

  @Override
  public String toString() {
    return "source QEMU %s %s%s"
        .formatted(alive ? "alive" : "dead", outgoing, executing() ? " executing" : "");
  }
}
