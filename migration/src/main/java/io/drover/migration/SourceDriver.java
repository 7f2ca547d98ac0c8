package io.drover.migration;

import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.wire.PeerMessage;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Performs what {@link SourceMachine} decides, on the one thread that calls {@link #run}. Events
 * may be posted from any thread.
 */
public final class SourceDriver {
  private static final Duration RETRY_PAUSE = Duration.ofMillis(500);
  private static final int QUEUE_LIMIT = 4096;

  private final SourceHypervisor hypervisor;
  private final SourceChannels channels;
  private final SourceDisks disks;
  private final SourcePlan plan;
  private final PeerLink peer;
  private final SourceObserver observer;
  private final LinkedBlockingQueue<SourceEvent> events = new LinkedBlockingQueue<>(QUEUE_LIMIT);
  private volatile SourceState state;
  private Optional<PeerMessage.Prepared> prepared = Optional.empty();
  private long retryAtNanos = Long.MAX_VALUE;

  /** Watches, and keeps the journal. */
  public interface SourceObserver {
    /** Makes the state durable before it returns, or throws. */
    void journal(SourceState state);

    /** Called for every event after it has been handled; must not block. */
    void seen(SourceEvent event, SourceState before, SourceState after);

    /** An effect did not succeed. */
    void effectFailed(SourceEffect effect, Problem problem);

    /** Somebody wanted to cancel, and it was too late. */
    void cancelRefused();

    /** The target could not say that these are on stable storage there. */
    void disksUnsafe(List<Integer> disks);
  }

  public SourceDriver(
      SourceState initial,
      SourceHypervisor hypervisor,
      Ports ports,
      SourcePlan plan,
      SourceObserver observer) {
    this.state = initial;
    this.hypervisor = hypervisor;
    this.plan = plan;
    this.observer = observer;
    this.channels = ports.channels(this::post);
    this.disks = ports.disks(this::post);
    this.peer = ports.peer(this::post);
  }

  /** Makes the ports that need to tell the driver of events. */
  public interface Ports {
    SourceChannels channels(Consumer<SourceEvent> events);

    SourceDisks disks(Consumer<SourceEvent> events);

    PeerLink peer(Consumer<SourceEvent> events);
  }

  public SourceState state() {
    return state;
  }

  /** Hands an event to the machine; a driver that has ended ignores it. */
  public void post(SourceEvent event) {
    if (!events.offer(event)) {
      throw new IllegalStateException("more than " + QUEUE_LIMIT + " events wait: " + event);
    }
  }

  /** Starts a new migration and sees it through to its end. */
  public void run() throws InterruptedException {
    hypervisor.subscribe(event -> post(new SourceEvent.FromHypervisor(event)));
    perform(SourceMachine.start(state), state);
    loop();
  }

  /** Takes up a migration that was found in the journal. */
  public void resume() throws InterruptedException {
    hypervisor.subscribe(event -> post(new SourceEvent.FromHypervisor(event)));
    handle(new SourceEvent.AgentRestarted(hypervisor.transferState()));
    loop();
  }

  private void loop() throws InterruptedException {
    try {
      while (!state.settled()) {
        long wait =
            retryAtNanos == Long.MAX_VALUE ? Long.MAX_VALUE : retryAtNanos - System.nanoTime();
        SourceEvent event = wait <= 0 ? null : events.poll(wait, TimeUnit.NANOSECONDS);
        if (event == null) {
          retryAtNanos = Long.MAX_VALUE;
          event = new SourceEvent.RetryDue();
        }
        handle(event);
      }
    } finally {
      channels.close();
      disks.close();
      peer.close();
    }
  }

  private void handle(SourceEvent event) {
    if (event instanceof SourceEvent.FromPeer(PeerMessage.Prepared answer)) {
      prepared = Optional.of(answer);
    }
    SourceState before = state;
    SourceStep step = SourceMachine.step(before, event);
    perform(step, before);
    observer.seen(event, before, state);
  }

  private void perform(SourceStep step, SourceState before) {
    state = step.state();
    for (SourceEffect effect : step.effects()) {
      try {
        perform(effect);
      } catch (ProblemException e) {
        observer.effectFailed(effect, e.problem());
        SourceEvent failed = new SourceEvent.EffectFailed(effect, e.problem());
        boolean takesEffectUndurably =
            effect instanceof SourceEffect.Journal && !before.stage().pastCommit();
        if (takesEffectUndurably && step.state().ending().isEmpty()) {
          // Not journalled, so it did not happen: the old state hears of the failure instead.
          state = before;
          perform(SourceMachine.step(before, failed), before);
          return;
        }
        post(failed);
      }
    }
  }

  private void perform(SourceEffect effect) {
    switch (effect) {
      case SourceEffect.Journal() -> observer.journal(state);
      case SourceEffect.Connect() -> peer.connect();
      case SourceEffect.SendPrepare(int generation) -> peer.send(plan.prepare(generation));
      case SourceEffect.Send(PeerMessage message) -> peer.send(message);
      case SourceEffect.Configure() ->
          hypervisor.configure(
              plan.settle(
                  prepared.orElseThrow(
                      () -> new IllegalStateException("configured before the target answered"))));
      case SourceEffect.StopGuest() -> hypervisor.stopGuest();
      case SourceEffect.StartTransfer(PeerMessage.Listening listening) ->
          hypervisor.startTransfer(channels.open(listening));
      case SourceEffect.MirrorDisks(List<Integer> moving) ->
          hypervisor.mirrorDisks(disks.prepare(moving));
      case SourceEffect.ConnectDisks(PeerMessage.DisksOpen open) -> disks.connect(open);
      case SourceEffect.CompleteDisks() -> hypervisor.completeDisks();
      case SourceEffect.CancelDisks() -> {
        disks.fail();
        hypervisor.cancelDisks();
      }
      case SourceEffect.ContinueSwitch() -> hypervisor.continueSwitch();
      case SourceEffect.ReleaseDisks(List<Integer> moved) -> disks.release(moved);
      case SourceEffect.PutDisksAside(List<Integer> moved) -> {
        observer.disksUnsafe(moved);
        disks.putAside(moved);
      }
      case SourceEffect.SwitchToPostCopy() -> hypervisor.switchToPostCopy(channels.beforeSwitch());
      case SourceEffect.CancelTransfer() -> hypervisor.cancelTransfer();
      case SourceEffect.BreakTransfer() -> {
        channels.close();
        hypervisor.breakTransfer();
      }
      case SourceEffect.ResumeTransfer(PeerMessage.Listening listening) ->
          hypervisor.resumeTransfer(channels.open(listening));
      case SourceEffect.Replay(PeerMessage.Listening listening) -> channels.replay(listening);
      case SourceEffect.ContinueGuest() -> {
        hypervisor.continueGuest();
        post(new SourceEvent.GuestContinued());
      }
      case SourceEffect.RemoveGuest() -> hypervisor.quit();
      case SourceEffect.CloseChannels() -> {
        channels.close();
        disks.close();
      }
      case SourceEffect.RetryLater() -> retryAtNanos = System.nanoTime() + RETRY_PAUSE.toNanos();
      case SourceEffect.RefuseCancel() -> observer.cancelRefused();
    }
  }
}
