package io.drover.agent;

import io.drover.migration.Ending;
import io.drover.migration.HypervisorEvent;
import io.drover.migration.TargetChannels;
import io.drover.migration.TargetDisks;
import io.drover.migration.TargetDriver;
import io.drover.migration.TargetEffect;
import io.drover.migration.TargetEvent;
import io.drover.migration.TargetHypervisor;
import io.drover.migration.TargetState;
import io.drover.migration.TransferSettings;
import io.drover.model.HostName;
import io.drover.model.Outcome;
import io.drover.model.Phase;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.network.ArrivingGuest;
import io.drover.tunnel.ControlConnection;
import io.drover.wire.Blob;
import io.drover.wire.PeerMessage;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One guest's way onto this host: feeds the driver, keeps the record, and speaks to the source. */
final class IncomingMigration implements TargetDriver.TargetObserver {
  private static final Logger LOG = LoggerFactory.getLogger(IncomingMigration.class);

  /** What this migration needs of the agent around it. */
  interface Surroundings {
    /** Makes the state durable before it returns, or throws. */
    void journal(IncomingMigration migration, TargetState state);

    void changed(IncomingMigration migration);

    /** The guest is this host's now, on the journal as well. */
    void adopt(IncomingMigration migration);

    /** Nothing is left to do but to answer what the source may still ask. */
    void ended(IncomingMigration migration);
  }

  private final MigrationRecord record;
  private final HostName source;
  private final PeerMessage.Prepared answer;
  private final Surroundings surroundings;
  private final Optional<ArrivingGuest> arriving;
  private final TargetDriver driver;
  private volatile Optional<ControlConnection> connection = Optional.empty();
  private final CompletableFuture<Void> settled = new CompletableFuture<>();

  IncomingMigration(
      MigrationRecord record,
      HostName source,
      PeerMessage.Prepared answer,
      TransferSettings settings,
      TargetState initial,
      TargetHypervisor hypervisor,
      TargetChannels channels,
      TargetDisks disks,
      Optional<ArrivingGuest> arriving,
      Surroundings surroundings) {
    this.record = record;
    this.source = source;
    this.answer = answer;
    this.arriving = arriving;
    this.surroundings = surroundings;
    this.driver = new TargetDriver(initial, settings, hypervisor, channels, disks, this);
  }

  MigrationRecord record() {
    return record;
  }

  HostName source() {
    return source;
  }

  TargetState state() {
    return driver.state();
  }

  CompletableFuture<Void> settled() {
    return settled;
  }

  void begin() {
    Thread.ofVirtual().name("target-" + record.subject().id()).start(() -> drive(driver::run));
  }

  void rebuild(PeerMessage.Prepare prepare) {
    Thread.ofVirtual()
        .name("target-" + record.subject().id())
        .start(() -> drive(() -> driver.rebuild(prepare)));
  }

  void resume() {
    Thread.ofVirtual().name("target-" + record.subject().id()).start(() -> drive(driver::resume));
  }

  private interface Drive {
    void run() throws InterruptedException;
  }

  private void drive(Drive drive) {
    try {
      drive.run();
      surroundings.ended(this);
      settled.complete(null);
    } catch (InterruptedException e) {
      // The agent stops; the journal has it all.
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.error("migration={} guest={} the driver failed", id(), record.subject().guest(), e);
      surroundings.ended(this);
      settled.completeExceptionally(e);
    }
  }

  private String id() {
    return record.subject().id().value();
  }

  /** Speaks over this connection from now on. */
  synchronized void attach(ControlConnection replacing) {
    connection = Optional.of(replacing);
    driver.post(new TargetEvent.Connected());
  }

  void received(ControlConnection from, PeerMessage message) {
    if (connection.equals(Optional.of(from))) {
      if (message instanceof PeerMessage.Continuity(Blob content)) {
        hear(content.bytes());
      } else {
        driver.post(new TargetEvent.FromPeer(message));
      }
    }
  }

  /** What is said of the guest's network is not the migration's business. */
  private void hear(byte[] continuity) {
    try {
      arriving.ifPresent(guest -> guest.heard(continuity));
    } catch (ProblemException e) {
      LOG.warn("migration={} guest={} {}", id(), record.subject().guest(), e.problem());
    }
  }

  synchronized void detached(ControlConnection ended, String reason) {
    if (connection.equals(Optional.of(ended))) {
      connection = Optional.empty();
      driver.post(new TargetEvent.Disconnected(reason));
    }
  }

  void post(TargetEvent event) {
    driver.post(event);
  }

  // ---- TargetDriver.TargetObserver ----

  @Override
  public void journal(TargetState state) {
    surroundings.journal(this, state);
  }

  @Override
  public void send(PeerMessage message) {
    connection.ifPresent(open -> open.send(message));
  }

  @Override
  public PeerMessage prepared() {
    // Ahead of the answer, so that the source knows it when it goes on.
    arriving.ifPresent(guest -> send(new PeerMessage.Continuity(new Blob(guest.answer()))));
    return answer;
  }

  @Override
  public void adopt() {
    surroundings.adopt(this);
  }

  @Override
  public void seen(TargetEvent event, TargetState before, TargetState after) {
    if (event instanceof TargetEvent.FromHypervisor(HypervisorEvent.GuestResumed _)) {
      LOG.info("migration={} guest={} runs here", id(), record.subject().guest());
    }
    if (after.switched() && !before.switched()) {
      record.switched();
    }
    if (before.stage() == after.stage()) {
      return;
    }
    LOG.info(
        "migration={} guest={} phase={} {} -> {} on {}",
        id(),
        record.subject().guest(),
        phase(after).word(),
        before.stage(),
        after.stage(),
        event.getClass().getSimpleName());
    if (after.stage() == TargetState.Stage.ENDED) {
      record.ended(
          after.ending().orElse(new Ending(Outcome.ABORTED, Optional.empty())),
          () -> surroundings.journal(this, after));
    } else {
      record.phase(phase(after));
    }
    surroundings.changed(this);
  }

  private static Phase phase(TargetState state) {
    // After a pre-copy nothing is missing: only the source's goodbye.
    return state.stage() == TargetState.Stage.RUNNING && !state.switched()
        ? Phase.FINISH
        : state.stage().phase();
  }

  @Override
  public void effectFailed(TargetEffect effect, Problem problem) {
    if (effect instanceof TargetEffect.SettleDisks) {
      record.warn(problem);
    }
    LOG.warn(
        "migration={} guest={} {} failed: {}",
        id(),
        record.subject().guest(),
        effect.getClass().getSimpleName(),
        problem);
  }
}
