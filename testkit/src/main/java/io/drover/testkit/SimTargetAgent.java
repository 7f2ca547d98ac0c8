package io.drover.testkit;

import io.drover.migration.HypervisorEvent;
import io.drover.migration.TargetEffect;
import io.drover.migration.TargetEvent;
import io.drover.migration.TargetMachine;
import io.drover.migration.TargetState;
import io.drover.migration.TargetStep;
import io.drover.migration.TransferState;
import io.drover.model.Problem;
import io.drover.model.Version;
import io.drover.wire.PeerMessage;
import io.drover.wire.PeerMessage.TargetStage;
import io.drover.wire.Ticket;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The target's agent: performs effects as the target driver does, and answers for the unknown. */
final class SimTargetAgent extends SimAgent<TargetState, TargetEvent, TargetEffect> {
  private Optional<SimLink.Connection> connection = Optional.empty();
  private final Set<Integer> acceptedInThisLife = new HashSet<>();
  private final Set<Long> tickets = new HashSet<>();
  private Optional<Long> diskTicket = Optional.empty();
  private long lastTicket;
  private long disconnectedSinceMillis;
  private boolean adopted;

  SimTargetAgent(SimWorld world) {
    super(world, "target");
  }

  void watchSilence() {
    inThisLife(
        2500,
        () -> {
          if (connection.isPresent()) {
            disconnectedSinceMillis = simulation().nowMillis();
          } else if (simulation().nowMillis() - disconnectedSinceMillis
              >= world().abandonAfterMillis()) {
            disconnectedSinceMillis = simulation().nowMillis();
            offer(new TargetEvent.Abandoned());
          }
          watchSilence();
        });
  }

  boolean adopted() {
    return adopted;
  }

  @Override
  Step<TargetState, TargetEffect> step(TargetState before, TargetEvent event) {
    TargetStep step = world().machines().target(before, event);
    return new Step<>(step.state(), step.effects());
  }

  @Override
  void perform(TargetEffect effect) throws SimCommandFailed {
    switch (effect) {
      case TargetEffect.Journal() -> throw new IllegalStateException("performed by the agent");
      case TargetEffect.Send(PeerMessage message) ->
          connection.ifPresent(c -> c.sendToSource(message));
      case TargetEffect.Launch() -> launch();
      case TargetEffect.SendPrepared() ->
          connection.ifPresent(
              c ->
                  c.sendToSource(
                      new PeerMessage.Prepared(
                          new Version(10, 0, 2),
                          true,
                          world().disks().moving() ? List.of(0) : List.of(),
                          List.of(),
                          List.of())));
      case TargetEffect.ListenFor(int attempt) -> {
        long ticket = ++lastTicket + life() * 1_000_000L;
        hypervisor().listen(attempt, ticket);
        tickets.clear();
        tickets.add(ticket);
        PeerMessage.Listening listening =
            new PeerMessage.Listening(
                attempt,
                List.of(new Ticket(0, ticket)),
                Optional.empty(),
                PeerMessage.ContentUse.NONE);
        inThisLife(simulation().between(0, 10), () -> offer(new TargetEvent.Listening(listening)));
      }
      case TargetEffect.ExpectDisks(int attempt) -> {
        diskTicket = Optional.of(++lastTicket + life() * 1_000_000L);
        PeerMessage.DisksOpen open =
            new PeerMessage.DisksOpen(
                attempt, List.of(new Ticket(0, diskTicket.get())), PeerMessage.ContentUse.NONE);
        connection.ifPresent(c -> c.sendToSource(open));
      }
      case TargetEffect.DiscardDisks() -> world().disks().discardAtTarget();
      case TargetEffect.SettleDisks() -> {}
      case TargetEffect.Run() -> hypervisor().run();
      case TargetEffect.Announce() -> {}
      case TargetEffect.BreakTransfer() -> newest().ifPresent(SimTarget::breakTransfer);
      case TargetEffect.CloseChannels() -> {
        tickets.clear();
        newest().ifPresent(SimTarget::breakTransfer);
      }
      case TargetEffect.Remove() -> newest().ifPresent(SimTarget::quit);
      case TargetEffect.Adopt() -> adopted = true;
    }
  }

  private void launch() throws SimCommandFailed {
    if (newest().filter(SimTarget::alive).isPresent()) {
      throw new SimCommandFailed("the name is taken");
    }
    if (simulation().chance(2)) {
      throw new SimCommandFailed("out of memory");
    }
    world().launchTarget();
    inThisLife(simulation().between(5, 100), () -> offer(new TargetEvent.Launched()));
  }

  private Optional<SimTarget> newest() {
    return world().targets().isEmpty()
        ? Optional.empty()
        : Optional.of(world().targets().getLast());
  }

  private SimTarget hypervisor() throws SimCommandFailed {
    return newest().orElseThrow(() -> new SimCommandFailed("nothing was launched"));
  }

  boolean holdsTicket(long ticket) {
    return alive() && tickets.remove(ticket);
  }

  boolean holdsDiskTicket(long ticket) {
    boolean good = alive() && diskTicket.equals(Optional.of(ticket));
    diskTicket = good ? Optional.empty() : diskTicket;
    return good;
  }

  void accepted(SimLink.Connection fresh) {
    acceptedInThisLife.add(fresh.number);
    connection = Optional.of(fresh);
    offer(new TargetEvent.Connected());
  }

  void received(SimLink.Connection by, PeerMessage message) {
    if (!alive() || !acceptedInThisLife.contains(by.number)) {
      return;
    }
    if (state().isEmpty()) {
      answerForUnknown(by, message);
    } else if (connection.map(c -> c.number <= by.number).orElse(false)) {
      offer(new TargetEvent.FromPeer(message));
    }
  }

  private void answerForUnknown(SimLink.Connection by, PeerMessage message) {
    switch (message) {
      case PeerMessage.Prepare prepare when prepare.generation() == 0 -> {
        TargetStep first =
            TargetMachine.start(
                world().disks().moving()
                    ? TargetState.initial().withDisks()
                    : TargetState.initial());
        begin(new Step<>(first.state(), first.effects()));
      }
      case PeerMessage.Abort _ -> by.sendToSource(new PeerMessage.Aborted());
      default -> by.sendToSource(new PeerMessage.TargetStatus(TargetStage.UNKNOWN, false));
    }
  }

  void disconnected(SimLink.Connection by) {
    if (alive() && connection.equals(Optional.of(by))) {
      connection = Optional.empty();
      disconnectedSinceMillis = simulation().nowMillis();
      offer(new TargetEvent.Disconnected("cut"));
    }
  }

  void fromHypervisor(SimTarget by, HypervisorEvent event) {
    if (newest().equals(Optional.of(by))) {
      offer(new TargetEvent.FromHypervisor(event));
    }
  }

  void channelsBroken(SimChannels broken) {
    offer(new TargetEvent.ChannelsBroken("a channel broke"));
  }

  @Override
  boolean isJournal(TargetEffect effect) {
    return effect instanceof TargetEffect.Journal;
  }

  @Override
  TargetEvent failed(TargetEffect effect, Problem problem) {
    return new TargetEvent.EffectFailed(effect, problem);
  }

  @Override
  TargetEvent restarted() {
    return new TargetEvent.AgentRestarted(
        newest().map(SimTarget::transferState).orElse(TransferState.GONE));
  }

  @Override
  void died() {
    connection.ifPresent(SimLink.Connection::closedByTarget);
    connection = Optional.empty();
    disconnectedSinceMillis = simulation().nowMillis();
    acceptedInThisLife.clear();
    tickets.clear();
    diskTicket = Optional.empty();
    world().disks().cut(3000);
    newest().ifPresent(SimTarget::breakTransfer);
  }

  @Override
  boolean driverEnds(TargetState now) {
    return false; // An ended arrival still answers, from its journal.
  }

  @Override
  void driverEnded() {}
}
