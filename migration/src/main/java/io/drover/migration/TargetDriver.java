package io.drover.migration;

import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.wire.PeerMessage;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Performs what {@link TargetMachine} decides, on the one thread that calls {@link #run}. It ends
 * with the migration; what a source asks later is answered from the journalled state.
 */
public final class TargetDriver {
  /** How long an arrival that is not yet the guest outlives its silent source. */
  private static final Duration ABANDONED_AFTER = Duration.ofSeconds(60);

  /** And one that has disks to lose, which a link that comes back completes. */
  private static final Duration ABANDONED_WITH_DISKS_AFTER = Duration.ofMinutes(10);

  private static final int QUEUE_LIMIT = 4096;

  private final TargetHypervisor hypervisor;
  private final TargetChannels channels;
  private final TargetDisks disks;
  private final TargetObserver observer;
  private final TransferSettings settings;
  private final LinkedBlockingQueue<TargetEvent> events = new LinkedBlockingQueue<>(QUEUE_LIMIT);
  private volatile TargetState state;
  private long abandonAtNanos = Long.MAX_VALUE;

  /** Watches, keeps the journal, and speaks for the agent. */
  public interface TargetObserver {
    /** Makes the state durable before it returns, or throws. */
    void journal(TargetState state);

    /** Sends on the control connection, if one stands. */
    void send(PeerMessage message);

    /** The answer to {@link PeerMessage.Prepare}. */
    PeerMessage prepared();

    /** The guest is this host's now. */
    void adopt();

    void seen(TargetEvent event, TargetState before, TargetState after);

    void effectFailed(TargetEffect effect, Problem problem);
  }

  public TargetDriver(
      TargetState initial,
      TransferSettings settings,
      TargetHypervisor hypervisor,
      TargetChannels channels,
      TargetDisks disks,
      TargetObserver observer) {
    this.state = initial;
    this.settings = settings;
    this.hypervisor = hypervisor;
    this.channels = channels;
    this.disks = disks;
    this.observer = observer;
  }

  public TargetState state() {
    return state;
  }

  public void post(TargetEvent event) {
    if (!events.offer(event)) {
      throw new IllegalStateException("more than " + QUEUE_LIMIT + " events wait: " + event);
    }
  }

  public void run() throws InterruptedException {
    perform(TargetMachine.start(state), state);
    loop();
  }

  /** Takes up an arrival that had ended here unrun, because the source wants it rebuilt. */
  public void rebuild(PeerMessage.Prepare prepare) throws InterruptedException {
    handle(new TargetEvent.FromPeer(prepare));
    loop();
  }

  /** Takes up an arrival that was found in the journal. */
  public void resume() throws InterruptedException {
    hypervisor.subscribe(event -> post(new TargetEvent.FromHypervisor(event)));
    handle(new TargetEvent.AgentRestarted(hypervisor.transferState()));
    abandonAtNanos = System.nanoTime() + patience().toNanos();
    loop();
  }

  private void loop() throws InterruptedException {
    try {
      while (state.stage() != TargetState.Stage.ENDED) {
        long wait =
            abandonAtNanos == Long.MAX_VALUE ? Long.MAX_VALUE : abandonAtNanos - System.nanoTime();
        TargetEvent event = wait <= 0 ? null : events.poll(wait, TimeUnit.NANOSECONDS);
        if (event == null) {
          abandonAtNanos = Long.MAX_VALUE;
          event = new TargetEvent.Abandoned();
        }
        handle(event);
      }
    } finally {
      channels.close();
      disks.close();
    }
  }

  private Duration patience() {
    return settings.disks() ? ABANDONED_WITH_DISKS_AFTER : ABANDONED_AFTER;
  }

  private void handle(TargetEvent event) {
    TargetState before = state;
    perform(TargetMachine.step(before, event), before);
    if (before.connected() != state.connected()) {
      abandonAtNanos =
          state.connected() ? Long.MAX_VALUE : System.nanoTime() + patience().toNanos();
    }
    observer.seen(event, before, state);
  }

  private void perform(TargetStep step, TargetState before) {
    state = step.state();
    for (TargetEffect effect : step.effects()) {
      try {
        perform(effect);
      } catch (ProblemException e) {
        observer.effectFailed(effect, e.problem());
        TargetEvent failed = new TargetEvent.EffectFailed(effect, e.problem());
        if (effect instanceof TargetEffect.Journal
            && !before.mayHaveRun()
            && step.state().mayHaveRun()) {
          // Not journalled, so it must not run: the old state hears of the failure instead.
          state = before;
          perform(TargetMachine.step(before, failed), before);
          return;
        }
        post(failed);
      }
    }
  }

  private void perform(TargetEffect effect) {
    switch (effect) {
      case TargetEffect.Journal() -> observer.journal(state);
      case TargetEffect.Send(PeerMessage message) -> observer.send(message);
      case TargetEffect.Launch() -> {
        hypervisor.subscribe(event -> post(new TargetEvent.FromHypervisor(event)));
        hypervisor.launch(settings);
        post(new TargetEvent.Launched());
      }
      case TargetEffect.SendPrepared() -> observer.send(observer.prepared());
      case TargetEffect.ListenFor(int attempt) -> {
        TransferAddress address = hypervisor.listen(channels.address(attempt), attempt);
        post(new TargetEvent.Listening(channels.expect(attempt, address)));
      }
      case TargetEffect.ExpectDisks(int attempt) -> observer.send(disks.expect(attempt));
      case TargetEffect.DiscardDisks() -> disks.discard();
      case TargetEffect.SettleDisks() -> {
        disks.settle();
        post(new TargetEvent.DisksSettled());
      }
      case TargetEffect.Run() -> {
        disks.close();
        hypervisor.run();
      }
      case TargetEffect.Announce() -> hypervisor.announce();
      case TargetEffect.BreakTransfer() -> {
        channels.close();
        hypervisor.breakTransfer();
      }
      case TargetEffect.CloseChannels() -> {
        channels.close();
        disks.close();
      }
      case TargetEffect.Remove() -> hypervisor.quit();
      case TargetEffect.Adopt() -> observer.adopt();
    }
  }
}
