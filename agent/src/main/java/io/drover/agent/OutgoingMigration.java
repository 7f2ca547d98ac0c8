package io.drover.agent;

import io.drover.migration.DirtyMemory;
import io.drover.migration.Ending;
import io.drover.migration.HypervisorEvent;
import io.drover.migration.MemoryRange;
import io.drover.migration.ModeChoice;
import io.drover.migration.SourceDriver;
import io.drover.migration.SourceEffect;
import io.drover.migration.SourceEvent;
import io.drover.migration.SourceHypervisor;
import io.drover.migration.SourcePlan;
import io.drover.migration.SourceState;
import io.drover.migration.TransferSettings;
import io.drover.model.ByteRate;
import io.drover.model.MigrationOptions;
import io.drover.model.Mode;
import io.drover.model.Outcome;
import io.drover.model.Phase;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.model.Transport;
import io.drover.network.LeavingGuest;
import io.drover.qemu.PageRequests;
import io.drover.wire.PeerMessage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One guest's way out of this host: feeds the driver, keeps the record, and knows the plan. */
final class OutgoingMigration implements SourcePlan, SourceDriver.SourceObserver {
  private static final Logger LOG = LoggerFactory.getLogger(OutgoingMigration.class);

  /** Long enough to see a working set's curve bend, short enough to hide behind QEMU's start. */
  private static final Duration AUTO_WINDOW = Duration.ofMillis(300);

  /** For what a second of looking is too short. */
  private static final Duration LONG_WINDOW = Duration.ofSeconds(3);

  private static final Duration PREDICTION_WINDOW = Duration.ofMillis(200);
  private static final Duration MEASURING_PATIENCE = Duration.ofSeconds(5);

  /** What {@code auto} assumes of a link that could not be measured. */
  private static final ByteRate UNKNOWN_LINK = ByteRate.parse("1gbit");

  /** What this migration needs of the agent around it. */
  interface Surroundings {
    /** Makes the state durable before it returns, or throws. */
    void journal(OutgoingMigration migration, SourceState state);

    /** Something that people may want to see has changed. */
    void changed(OutgoingMigration migration);

    /** The guest has nothing to do with it any more, though the target may be owed a last word. */
    void over(OutgoingMigration migration);

    /** The bulk is to heed another limit from now on. */
    void limit(Optional<ByteRate> bandwidth);

    /** Bytes per second to the target, by a short measurement. */
    Optional<ByteRate> measureLink();

    Duration roundTrip();

    /** Whether this transport lets the order of pages be chosen. */
    boolean ordersPages();

    /** Has these pages sent before all others, at the switch to post-copy or already now. */
    void sendFirst(List<MemoryRange> ranges, PageRequests.When when);

    /** Certificates for QEMU's own TLS, laid out as it wants them. */
    Path nativeTlsDirectory();

    List<PeerMessage.FileDigest> files();

    /** The guest's disks, each with something beside it by which shared storage is told. */
    List<PeerMessage.DiskImage> images();

    /**
     * Reads what the guest's disks are based on, as far as that is worth it; that may take minutes.
     *
     * @param givenUp ends it
     */
    void readBases(OutgoingMigration migration, CompletableFuture<Void> givenUp);

    /**
     * The target has looked: which disks have to move, and what it makes of the images that they
     * are based on.
     */
    void decided(OutgoingMigration migration, PeerMessage.Prepared answer);

    /** How long nothing may move before a copy is called stuck. */
    Duration stallTimeout();
  }

  private final OutgoingPlan plan;
  private final SourceHypervisor hypervisor;
  private final Surroundings surroundings;
  private final MigrationRecord record;
  private final Optional<LeavingGuest> leaving;
  private final SourceDriver driver;
  private final CompletableFuture<DirtyMemory> dirty = new CompletableFuture<>();
  private final CompletableFuture<Optional<DirtyMemory>> writes = new CompletableFuture<>();
  private final CompletableFuture<Optional<ByteRate>> link = new CompletableFuture<>();
  private final CompletableFuture<Void> settled = new CompletableFuture<>();
  private final CompletableFuture<Void> cancelled = new CompletableFuture<>();
  private volatile boolean cancelRefused;
  private volatile Runnable afterwards = () -> {};
  private volatile boolean postCopyAgreed;

  OutgoingMigration(
      OutgoingPlan plan,
      SourceState initial,
      SourceHypervisor hypervisor,
      SourceDriver.Ports ports,
      Surroundings surroundings,
      MigrationRecord record,
      Optional<LeavingGuest> leaving) {
    this.leaving = leaving;
    this.plan = plan;
    this.hypervisor = hypervisor;
    this.surroundings = surroundings;
    this.record = record;
    this.driver = new SourceDriver(initial, hypervisor, ports, this, this);
  }

  OutgoingPlan plan() {
    return plan;
  }

  MigrationRecord record() {
    return record;
  }

  SourceState state() {
    return driver.state();
  }

  /** Ends when nothing is left to do, not even a word owed to the target. */
  CompletableFuture<Void> settled() {
    return settled;
  }

  /** To be called before it begins; runs whatever way the driver ends. */
  void whenSettled(Runnable action) {
    afterwards = action;
  }

  void begin() {
    Thread.ofVirtual()
        .name("source-" + plan.id())
        .start(
            () ->
                drive(
                    () -> {
                      surroundings.readBases(this, cancelled);
                      measure();
                      watch();
                      driver.run();
                    }));
  }

  private void watch() {
    new ProgressWatch(this, hypervisor, surroundings, surroundings.stallTimeout()).start();
  }

  void resume() {
    Thread.ofVirtual().name("source-" + plan.id()).start(() -> drive(driver::resume));
    watch();
  }

  private interface Drive {
    void run() throws InterruptedException;
  }

  private void drive(Drive drive) {
    try {
      drive.run();
      afterwards.run();
      settled.complete(null);
    } catch (InterruptedException e) {
      // The agent stops; the journal has it all.
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.error("migration={} guest={} the driver failed", plan.id(), plan.guest().name(), e);
      afterwards.run();
      settled.completeExceptionally(e);
    }
  }

  private void measure() {
    boolean auto = record.options().mode() == Mode.AUTO;
    Duration window = auto ? AUTO_WINDOW : PREDICTION_WINDOW;
    measure("measure", dirty, () -> hypervisor.measureDirtyMemory(window));
    if (auto) {
      measure("writes", writes, () -> hypervisor.measureWrites(AUTO_WINDOW));
    }
    measure("probe", link, surroundings::measureLink);
  }

  private <T> void measure(String thread, CompletableFuture<T> found, Supplier<T> look) {
    Thread.ofVirtual()
        .name(thread + "-" + plan.id())
        .start(
            () -> {
              try {
                found.complete(look.get());
              } catch (ProblemException e) {
                found.completeExceptionally(e);
              }
            });
  }

  // ---- what a person may ask of it ----

  void cancel() {
    cancelRefused = false;
    driver.post(new SourceEvent.CancelRequested());
    boolean _ = cancelled.complete(null);
  }

  boolean cancelWasRefused() {
    return cancelRefused;
  }

  /** Whether both sides are set up for post-copy, so that a switch to it can be asked for. */
  boolean postCopyAgreed() {
    return postCopyAgreed;
  }

  void switchNow() {
    driver.post(new SourceEvent.SwitchWanted());
  }

  void resolve(SourceEvent.Decision decision) {
    driver.post(new SourceEvent.Resolved(decision));
  }

  void post(SourceEvent event) {
    driver.post(event);
  }

  void change(MigrationOptions options) {
    record.change(options);
    hypervisor.changeMaxDowntime(options.maxDowntime());
    hypervisor.changeBandwidth(hypervisorLimit(options));
    surroundings.limit(options.bandwidth());
    surroundings.changed(this);
  }

  // ---- SourcePlan ----

  @Override
  public PeerMessage.Prepare prepare(int generation) {
    if (generation > 0) {
      record.retried();
    }
    return new PeerMessage.Prepare(
        plan.guest(),
        record.options(),
        plan.postCopyWanted(),
        plan.urgentChannel(),
        plan.hypervisorVersion(),
        plan.accelerator(),
        surroundings.files(),
        surroundings.images(),
        generation,
        false);
  }

  @Override
  public TransferSettings settle(PeerMessage.Prepared answer) {
    surroundings.decided(this, answer);
    answer.warnings().forEach(record::warn);
    MigrationOptions options = record.options();
    boolean postCopy = plan.postCopyWanted() && answer.postCopy();
    postCopyAgreed = postCopy;
    DirtyMemory measured = await(dirty).orElseGet(this::unmeasured);
    ByteRate carries = await(link).flatMap(found -> found).orElse(UNKNOWN_LINK);
    ByteRate rate =
        options.bandwidth().filter(limit -> limit.compareTo(carries) < 0).orElse(carries);
    ModeChoice.Terms terms =
        new ModeChoice.Terms(
            options.mode(),
            rate,
            options.maxDowntime(),
            postCopy ? ModeChoice.PostCopy.POSSIBLE : ModeChoice.PostCopy.IMPOSSIBLE);
    ModeChoice choice = terms.choose(measured);
    boolean unsure = terms.wantsToKnowWrites(choice, measured);
    if (unsure) {
      choice =
          await(writes)
              .flatMap(found -> found)
              .map(written -> terms.choose(measured, written))
              .orElse(choice);
    }
    chose(choice, measured, rate);
    if (unsure && terms.startsSlowly(measured)) {
      Thread.ofVirtual().name("writes-" + plan.id()).start(() -> reconsider(terms, measured));
    }
    boolean mustConverge = options.mode() == Mode.AUTO && !postCopy;
    return new TransferSettings(
        postCopy,
        postCopy && plan.urgentChannel(),
        options.parallelChannels(),
        hypervisorLimit(options),
        options.maxDowntime(),
        mustConverge,
        !answer.disks().isEmpty(),
        options.transport() == Transport.NATIVE_TLS
            ? Optional.of(surroundings.nativeTlsDirectory())
            : Optional.empty());
  }

  /** Not all that it sends crosses by content: there the limit is heeded where it does. */
  private static long hypervisorLimit(MigrationOptions options) {
    return options.mayUseContent()
        ? 0
        : options.bandwidth().map(ByteRate::bytesPerSecond).orElse(0L);
  }

  private void chose(ModeChoice choice, DirtyMemory measured, ByteRate rate) {
    record.chose(choice, measured.residentBytes(), rate);
    LOG.info(
        "migration={} guest={} mode={}: {}",
        plan.id(),
        plan.guest().name(),
        choice.mode().word(),
        choice.reason());
  }

  /**
   * The modes that may end in post-copy begin alike and only differ in when they switch: so there
   * is time to look twice while the first pages cross, for as long as it has not switched.
   */
  private void reconsider(ModeChoice.Terms terms, DirtyMemory used) {
    try {
      hypervisor
          .measureWrites(LONG_WINDOW)
          .filter(_ -> state().stage().beforeSwitch())
          .ifPresent(written -> chose(terms.choose(used, written), used, terms.link()));
    } catch (ProblemException e) {
      LOG.info("migration={} what its guest writes is not known: {}", plan.id(), e.getMessage());
    }
  }

  private DirtyMemory unmeasured() {
    record.warn(
        Problem.host(
            "not-measured",
            "How the guest rewrites its memory could not be measured",
            "Nothing to do; the mode was chosen for the worst case."));
    return new DirtyMemory(plan.guest().memory().bytes(), List.of(), "none");
  }

  private static <T> Optional<T> await(CompletableFuture<T> future) {
    try {
      return Optional.of(future.get(MEASURING_PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
    } catch (ExecutionException | TimeoutException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  // ---- SourceDriver.SourceObserver ----

  @Override
  public void journal(SourceState state) {
    surroundings.journal(this, state);
  }

  @Override
  public void seen(SourceEvent event, SourceState before, SourceState after) {
    if (!record.hasEnded()) {
      note(event);
    }
    leaving.ifPresent(guest -> follow(guest, event, before, after));
    Phase phase = after.stage().phase();
    if (before.stage() != after.stage()) {
      LOG.info(
          "migration={} guest={} phase={} {} -> {} on {}",
          plan.id(),
          plan.guest().name(),
          phase.word(),
          before.stage(),
          after.stage(),
          event.getClass().getSimpleName());
      if (phase != Phase.ENDED) {
        record.phase(phase);
      }
    }
    if (after.stage() == SourceState.Stage.ENDED && !record.hasEnded()) {
      record.ended(
          after.ending().orElse(new Ending(Outcome.ABORTED, Optional.empty())),
          () -> {
            surroundings.journal(this, after);
            surroundings.over(this);
          });
    }
    if (before.stage() != after.stage()) {
      surroundings.changed(this);
    }
  }

  private static void follow(
      LeavingGuest guest, SourceEvent event, SourceState before, SourceState after) {
    switch (event) {
      case SourceEvent.FromHypervisor(HypervisorEvent.GuestStopped _) -> {
        if (!after.stage().pastCommit()) {
          guest.paused();
        }
      }
      case SourceEvent.FromHypervisor(HypervisorEvent.GuestResumed _) -> guest.resumed();
      default -> {}
    }
    if (before.stage() != after.stage() && after.stage() == SourceState.Stage.ENDED) {
      switch (after.ending().map(Ending::outcome).orElse(Outcome.ABORTED)) {
        case COMPLETED -> guest.left();
        case REFUSED, ABORTED, CANCELLED -> guest.stays();
        case POWERED_OFF, LOST -> {}
      }
    }
  }

  private void note(SourceEvent event) {
    switch (event) {
      case SourceEvent.FromHypervisor(HypervisorEvent.GuestStopped(long atNanos)) -> {
        record.guestStopped(atNanos);
        if (record.phase() == Phase.COPY) {
          record.phase(Phase.SWITCHOVER);
        }
      }
      case SourceEvent.FromHypervisor(HypervisorEvent.GuestResumed _) -> record.guestResumedHere();
      case SourceEvent.FromPeer(PeerMessage.Running()) -> {
        record.guestRunsThere(System.nanoTime(), surroundings.roundTrip());
      }
      case SourceEvent.FromPeer(PeerMessage.Refused(List<Problem> problems)) ->
          problems.stream().skip(1).forEach(record::warn);
      default -> {}
    }
  }

  @Override
  public void effectFailed(SourceEffect effect, Problem problem) {
    if (effect instanceof SourceEffect.ReleaseDisks
        || effect instanceof SourceEffect.PutDisksAside) {
      record.warn(problem);
    }
    LOG.warn(
        "migration={} guest={} {} failed: {}",
        plan.id(),
        plan.guest().name(),
        effect.getClass().getSimpleName(),
        problem);
  }

  @Override
  public void disksUnsafe(List<Integer> disks) {
    Problem problem = SourceDiskChannels.keptAside(plan.guest(), disks, plan.target(), plan.id());
    LOG.warn("migration={} guest={} {}", plan.id(), plan.guest().name(), problem);
    record.warn(problem);
  }

  @Override
  public void cancelRefused() {
    cancelRefused = true;
    surroundings.changed(this);
  }
}
