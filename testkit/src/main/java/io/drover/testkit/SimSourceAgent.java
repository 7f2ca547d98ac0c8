package io.drover.testkit;

import io.drover.migration.HypervisorEvent;
import io.drover.migration.SourceEffect;
import io.drover.migration.SourceEvent;
import io.drover.migration.SourceMachine;
import io.drover.migration.SourceState;
import io.drover.migration.SourceStep;
import io.drover.model.Problem;
import io.drover.wire.PeerMessage;
import java.util.Optional;

/** The source's agent: performs effects as the source driver does. */
final class SimSourceAgent extends SimAgent<SourceState, SourceEvent, SourceEffect> {
  private static final long STALLED_AFTER_MILLIS = 10_000;

  private Optional<SimLink.Connection> connection = Optional.empty();
  private boolean connecting;
  private boolean replayKept;

  SimSourceAgent(SimWorld world) {
    super(world, "source");
  }

  void start(SourceState initial) {
    SourceStep first = SourceMachine.start(initial);
    begin(new Step<>(first.state(), first.effects()));
    watchProgress();
  }

  private void watchProgress() {
    inThisLife(
        2500,
        () -> {
          if (world().quietMillis() >= STALLED_AFTER_MILLIS
              && state().filter(s -> !s.settled()).isPresent()) {
            world().progress();
            offer(new SourceEvent.Stalled("nothing moved"));
          }
          watchProgress();
        });
  }

  @Override
  Step<SourceState, SourceEffect> step(SourceState before, SourceEvent event) {
    SourceStep step = world().machines().source(before, event);
    world().rules().sourceStepped(before, event, step);
    return new Step<>(step.state(), step.effects());
  }

  @Override
  void perform(SourceEffect effect) throws SimCommandFailed {
    SimSource hypervisor = world().sourceHypervisor();
    switch (effect) {
      case SourceEffect.Journal() -> throw new IllegalStateException("performed by the agent");
      case SourceEffect.Connect() -> {
        if (!connecting) {
          connecting = true;
          tryToConnect(simulation().between(5, 60));
        }
      }
      case SourceEffect.SendPrepare(int generation) -> send(world().prepare(generation));
      case SourceEffect.Send(PeerMessage message) -> send(message);
      case SourceEffect.Configure() -> hypervisor.configure();
      case SourceEffect.StopGuest() -> hypervisor.stopGuest();
      case SourceEffect.StartTransfer(PeerMessage.Listening listening) ->
          hypervisor.startTransfer(ticket(listening));
      case SourceEffect.MirrorDisks _ -> world().disks().begin();
      case SourceEffect.ConnectDisks(PeerMessage.DisksOpen open) ->
          world().disks().connect(open.tickets().getFirst().low());
      case SourceEffect.CompleteDisks() -> world().disks().complete();
      case SourceEffect.CancelDisks() -> world().disks().cancel();
      case SourceEffect.ContinueSwitch() -> hypervisor.continueSwitch();
      case SourceEffect.ReleaseDisks _ -> world().disks().releaseAtSource();
      case SourceEffect.PutDisksAside _ -> world().disks().putAsideAtSource();
      case SourceEffect.SwitchToPostCopy() -> hypervisor.switchToPostCopy();
      case SourceEffect.CancelTransfer() -> hypervisor.cancelTransfer();
      case SourceEffect.BreakTransfer() -> hypervisor.breakTransfer();
      case SourceEffect.ResumeTransfer(PeerMessage.Listening listening) ->
          hypervisor.resumeTransfer(ticket(listening));
      case SourceEffect.Replay(PeerMessage.Listening listening) -> replay(effect, listening);
      case SourceEffect.ContinueGuest() -> {
        hypervisor.continueGuest();
        offer(new SourceEvent.GuestContinued());
      }
      case SourceEffect.RemoveGuest() -> {
        world().rules().sourceRemoved();
        hypervisor.quit();
      }
      case SourceEffect.CloseChannels() ->
          hypervisor.channels().filter(c -> !c.broken()).ifPresent(c -> c.breakNow(20, 200));
      case SourceEffect.RetryLater() -> inThisLife(500, () -> offer(new SourceEvent.RetryDue()));
      case SourceEffect.RefuseCancel() -> {}
    }
  }

  private void replay(SourceEffect effect, PeerMessage.Listening listening)
      throws SimCommandFailed {
    if (!replayKept) {
      throw new SimCommandFailed("nothing was kept");
    }
    int now = life();
    world()
        .sourceHypervisor()
        .replay(
            ticket(listening),
            () -> {
              if (alive() && life() == now) {
                offer(failed(effect, Problem.peer("broken", "the replay's channels broke", "")));
              }
            });
  }

  boolean replayKept() {
    return replayKept;
  }

  void switchLeft() {
    replayKept = alive() && world().replayEnabled();
  }

  private static long ticket(PeerMessage.Listening listening) {
    return listening.tickets().getFirst().low();
  }

  private void send(PeerMessage message) {
    connection.ifPresent(c -> c.sendToTarget(message));
  }

  private void tryToConnect(long delayMillis) {
    inThisLife(
        delayMillis,
        () -> {
          if (!connecting || connection.isPresent()) {
            return;
          }
          if (world().network().controlUp()
              && world().network().controlFrozenMillis() == 0
              && world().target().alive()) {
            SimLink.Connection fresh = world().link().open();
            connection = Optional.of(fresh);
            offer(new SourceEvent.Connected());
            world().target().accepted(fresh);
          } else {
            offer(new SourceEvent.Unreachable(Problem.peer("unreachable", "no answer", "")));
            tryToConnect(simulation().between(200, 2000));
          }
        });
  }

  void received(SimLink.Connection by, PeerMessage message) {
    if (connection.equals(Optional.of(by))) {
      offer(new SourceEvent.FromPeer(message));
    }
  }

  void disconnected(SimLink.Connection by) {
    if (alive() && connection.equals(Optional.of(by))) {
      connection = Optional.empty();
      offer(new SourceEvent.Disconnected("cut"));
      tryToConnect(simulation().between(100, 1000));
    }
  }

  Optional<SimLink.Connection> connection() {
    return connection;
  }

  void fromHypervisor(HypervisorEvent event) {
    offer(new SourceEvent.FromHypervisor(event));
  }

  void channelsBroken(SimChannels broken) {
    if (world().sourceHypervisor().channels().equals(Optional.of(broken))) {
      offer(new SourceEvent.ChannelsBroken("a channel broke"));
    }
  }

  @Override
  boolean isJournal(SourceEffect effect) {
    return effect instanceof SourceEffect.Journal;
  }

  @Override
  SourceEvent failed(SourceEffect effect, Problem problem) {
    return new SourceEvent.EffectFailed(effect, problem);
  }

  @Override
  SourceEvent restarted() {
    watchProgress();
    return new SourceEvent.AgentRestarted(world().sourceHypervisor().transferState());
  }

  @Override
  void died() {
    connection.ifPresent(SimLink.Connection::closedBySource);
    connection = Optional.empty();
    connecting = false;
    replayKept = false;
    world().disks().sourceAgentDied();
    world().sourceHypervisor().channels().ifPresent(c -> c.breakNow(50, 200));
  }

  @Override
  boolean driverEnds(SourceState now) {
    return now.settled();
  }

  @Override
  void driverEnded() {
    connecting = false;
    connection.ifPresent(SimLink.Connection::closedBySource);
    connection = Optional.empty();
  }
}
