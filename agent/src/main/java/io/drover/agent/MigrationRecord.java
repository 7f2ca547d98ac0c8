package io.drover.agent;

import io.drover.api.ContinuityView;
import io.drover.api.MigrationView;
import io.drover.api.ProblemView;
import io.drover.migration.DiskProgress;
import io.drover.migration.Ending;
import io.drover.migration.ModeChoice;
import io.drover.migration.TransferProgress;
import io.drover.model.ByteRate;
import io.drover.model.ContinuityStep;
import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.MigrationId;
import io.drover.model.MigrationOptions;
import io.drover.model.Mode;
import io.drover.model.Outcome;
import io.drover.model.Phase;
import io.drover.model.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What people are shown of one migration, collected while it runs; its last {@link #view} is the
 * report. Safe for use by many threads.
 */
final class MigrationRecord {
  private static final double FOUND_TO_MISLEAD = 0.2;
  private static final Duration STANDS_STILL = Duration.ofSeconds(2);

  /** Which end of the migration this agent is. */
  enum Role {
    SOURCE,
    TARGET
  }

  /** What does not change about a migration. */
  record Subject(
      MigrationId id,
      GuestName guest,
      long memoryBytes,
      Role role,
      HostName source,
      HostName target) {}

  private final Subject subject;
  private final LongSupplier nanoClock;
  private long startedAtEpochMillis;
  private long startedAtNanos;
  private final Supplier<List<MigrationView.ChannelBytes>> channels;
  private final Supplier<Optional<MigrationView.ContentView>> content;
  private final Supplier<Optional<MigrationView.ContentView>> diskContent;
  private final List<PhaseStart> phases = new ArrayList<>();
  private final List<ProblemView> warnings = new ArrayList<>();
  private final Map<String, ContinuityView> continuity = new LinkedHashMap<>();
  private MigrationOptions options;
  private Optional<ModeChoice> choice = Optional.empty();
  private Optional<ByteRate> link = Optional.empty();
  private TransferProgress progress = TransferProgress.NONE;
  private DiskProgress disks = DiskProgress.NONE;
  private List<MigrationView.LayersView> layers = List.of();
  private long residentBytes;
  private Optional<Long> runsThereSinceNanos = Optional.empty();
  private double recentBytesPerSecond;
  private long lastSampleNanos;
  private long lastSampleBytes;
  private long movedAtNanos;
  private boolean switched;
  private Optional<MigrationView> earlier = Optional.empty();
  private Optional<Long> stoppedAtNanos = Optional.empty();
  private Optional<Double> downtimeMillis = Optional.empty();
  private Optional<Ending> ending = Optional.empty();
  private Optional<Long> endedAtNanos = Optional.empty();
  private int recoveries;
  private int retries;

  private record PhaseStart(Phase phase, long atNanos) {}

  MigrationRecord(
      Subject subject,
      MigrationOptions options,
      LongSupplier nanoClock,
      long nowEpochMillis,
      Supplier<List<MigrationView.ChannelBytes>> channels,
      Supplier<Optional<MigrationView.ContentView>> content,
      Supplier<Optional<MigrationView.ContentView>> diskContent) {
    this.subject = subject;
    this.options = options;
    this.nanoClock = nanoClock;
    this.startedAtEpochMillis = nowEpochMillis;
    this.startedAtNanos = nanoClock.getAsLong();
    this.lastSampleNanos = startedAtNanos;
    this.movedAtNanos = startedAtNanos;
    this.channels = channels;
    this.content = content;
    this.diskContent = diskContent;
    phases.add(new PhaseStart(Phase.PREPARE, startedAtNanos));
  }

  /** What people were shown by an earlier run of the agent, where this one cannot know better. */
  synchronized void continues(MigrationView shown) {
    earlier = Optional.of(shown);
    if (shown.outcome().isPresent()) {
      endedAtNanos = Optional.of(startedAtNanos);
      return;
    }
    startedAtNanos -= (startedAtEpochMillis - shown.startedAtEpochMillis()) * 1_000_000;
    startedAtEpochMillis = shown.startedAtEpochMillis();
    phases.clear();
    for (MigrationView.PhaseTime time : shown.phases()) {
      Phase phase = Phase.valueOf(time.phase().toUpperCase(Locale.ROOT));
      phases.add(new PhaseStart(phase, startedAtNanos + (long) (time.startSeconds() * 1e9)));
    }
    recoveries = shown.recoveries();
    retries = shown.retries();
    downtimeMillis = shown.downtimeMillis();
    warnings.addAll(shown.warnings());
    shown.continuity().forEach(step -> continuity.put(step.host() + " " + step.name(), step));
  }

  Subject subject() {
    return subject;
  }

  synchronized MigrationOptions options() {
    return options;
  }

  synchronized void change(MigrationOptions changed) {
    options = changed;
  }

  synchronized void chose(ModeChoice chosen, long guestResidentBytes, ByteRate measuredLink) {
    choice = Optional.of(chosen);
    residentBytes = guestResidentBytes;
    link = Optional.of(measuredLink);
  }

  synchronized Optional<ModeChoice> choice() {
    return choice;
  }

  synchronized Phase phase() {
    return phases.getLast().phase();
  }

  synchronized void phase(Phase phase) {
    if (phase() != phase) {
      phases.add(new PhaseStart(phase, nanoClock.getAsLong()));
      if (phase == Phase.RECOVER) {
        recoveries++;
      }
    }
  }

  /** Seen from the target, which is not told what the source chose. */
  synchronized void switched() {
    switched = true;
  }

  synchronized void retried() {
    retries++;
  }

  synchronized void warn(Problem problem) {
    warnings.add(ProblemView.of(problem));
  }

  /** The last word on each step counts. */
  synchronized void continuity(ContinuityStep step) {
    ContinuityView view = ContinuityView.of(step);
    ContinuityView before = continuity.put(step.host() + " " + step.name(), view);
    if (step.state() == ContinuityStep.State.FAILED && !view.equals(before)) {
      warn(
          Problem.host(
              "continuity-" + step.name(),
              "What keeps the guest reachable was not all done: %s at %s: %s"
                  .formatted(step.name(), step.host(), step.finding()),
              "See docs/continuity.md for what that means for whom."));
    }
  }

  synchronized void disks(DiskProgress latest) {
    disks = latest;
    progress(progress);
  }

  /** What becomes of the images that the moving disks are based on. */
  synchronized void layers(List<MigrationView.LayersView> decided) {
    layers = List.copyOf(decided);
  }

  synchronized void progress(TransferProgress latest) {
    progress = latest;
    long now = nanoClock.getAsLong();
    long bytes = crossedBytes();
    double seconds = (now - lastSampleNanos) / 1e9;
    if (seconds >= 0.2) {
      double rate = Math.max(0, bytes - lastSampleBytes) / seconds;
      // Smoothed over about a second, so that the number and the ETA can be read.
      double weight = Math.min(1, seconds / 1.0);
      if (bytes != lastSampleBytes) {
        movedAtNanos = now;
      }
      recentBytesPerSecond =
          recentBytesPerSecond == 0 ? rate : recentBytesPerSecond * (1 - weight) + rate * weight;
      lastSampleNanos = now;
      lastSampleBytes = bytes;
    }
  }

  synchronized TransferProgress progress() {
    return progress;
  }

  synchronized void guestStopped(long atNanos) {
    if (stoppedAtNanos.isEmpty()) {
      stoppedAtNanos = Optional.of(atNanos);
    }
  }

  /** The guest went on here after all. */
  synchronized void guestResumedHere() {
    stoppedAtNanos = Optional.empty();
  }

  /**
   * The target said that the guest runs; its word took half a round trip to get here.
   *
   * @param roundTrip of the control connection
   */
  synchronized void guestRunsThere(long heardAtNanos, Duration roundTrip) {
    runsThereSinceNanos = Optional.of(heardAtNanos);
    if (downtimeMillis.isEmpty() && stoppedAtNanos.isPresent()) {
      long gap = heardAtNanos - roundTrip.toNanos() / 2 - stoppedAtNanos.get();
      downtimeMillis = Optional.of(Math.max(0, gap) / 1e6);
    }
  }

  synchronized boolean guestRunsThereFor(Duration time) {
    return runsThereSinceNanos
        .filter(since -> nanoClock.getAsLong() - since > time.toNanos())
        .isPresent();
  }

  /**
   * Notes how it ended. Nobody sees that before {@code first} is done: who waits for the end may
   * count on all that belongs to it.
   */
  synchronized void ended(Ending how, Runnable first) {
    ending = Optional.of(how);
    if (endedAtNanos.isEmpty()) {
      endedAtNanos = Optional.of(nanoClock.getAsLong());
    }
    phase(Phase.ENDED);
    first.run();
  }

  synchronized Optional<Outcome> outcome() {
    return ending.map(Ending::outcome);
  }

  synchronized boolean hasEnded() {
    return endedAtNanos.isPresent();
  }

  /** What of the guest has got across, sent or found there. */
  synchronized long crossedBytes() {
    return sentBytes()
        + Stream.of(content.get(), diskContent.get())
            .flatMap(Optional::stream)
            .mapToLong(MigrationView.ContentView::foundBytes)
            .sum();
  }

  /**
   * What the link carries, once so much was found at the target that the hypervisor would be
   * mistaken about it.
   */
  synchronized Optional<Long> linkToExpect() {
    boolean misleading =
        content
            .get()
            .map(spared -> spared.foundBytes() > FOUND_TO_MISLEAD * spared.namedBytes())
            .orElse(false);
    Optional<Long> limit = options.bandwidth().map(ByteRate::bytesPerSecond);
    return link.filter(_ -> misleading)
        .map(ByteRate::bytesPerSecond)
        .map(rate -> limit.map(most -> Math.min(most, rate)).orElse(rate));
  }

  private long sentBytes() {
    long tunnelled = 0;
    for (MigrationView.ChannelBytes channel : channels.get()) {
      tunnelled += subject.role() == Role.SOURCE ? channel.sentBytes() : channel.receivedBytes();
    }
    return tunnelled > 0 ? tunnelled : progress.transferredBytes();
  }

  synchronized MigrationView view() {
    if (earlier.filter(shown -> shown.outcome().isPresent()).isPresent()) {
      return earlier.orElseThrow();
    }
    long end = endedAtNanos.orElseGet(nanoClock::getAsLong);
    double elapsed = (end - startedAtNanos) / 1e9;
    long sent = sentBytes();
    long crossed = crossedBytes();
    boolean completed = ending.map(how -> how.outcome() == Outcome.COMPLETED).orElse(false);
    double expected = choice.map(ModeChoice::bytes).orElse(0.0);
    // Nothing of the memory has been looked at while disks are copied.
    long memory =
        phase() == Phase.DISKS
            ? residentBytes
            : Math.min(progress.remainingBytes(), nonZeroRemaining());
    long remaining = completed ? 0 : memory + disks.remainingBytes();
    double done =
        completed
            ? 1
            : crossed + remaining == 0
                ? 0
                : Math.min(0.999, crossed / (double) (crossed + remaining));
    boolean moves = !hasEnded() && moves();
    Optional<Double> eta =
        !moves || recentBytesPerSecond < 1 || remaining == 0 || !converges()
            ? Optional.empty()
            : Optional.of(remaining / recentBytesPerSecond);
    return new MigrationView(
        subject.id().value(),
        subject.guest().value(),
        subject.role().name().toLowerCase(Locale.ROOT),
        subject.source().value(),
        subject.target().value(),
        options.mode().word(),
        choice
            .map(chosen -> chosen.mode().word())
            .or(() -> earlier.map(MigrationView::mode))
            .orElseGet(this::modeSeenHere),
        choice.map(ModeChoice::sentence).or(() -> earlier.map(MigrationView::reason)).orElse(""),
        options.transport().word(),
        phase().word(),
        ending.map(how -> how.outcome().word()),
        ending.flatMap(Ending::problem).map(ProblemView::of),
        startedAtEpochMillis,
        elapsed,
        done,
        eta,
        subject.memoryBytes(),
        remaining,
        sent,
        (long) (hasEnded() && elapsed > 0 ? sent / elapsed : moves ? recentBytesPerSecond : 0),
        progress.dirtyBytesPerSecond(),
        progress.passes(),
        options.bandwidth().map(ByteRate::bytesPerSecond),
        options.maxDowntime().toMillis(),
        downtimeMillis,
        choice
            .map(ModeChoice::seconds)
            .filter(seconds -> expected > 0 && Double.isFinite(seconds))
            .or(() -> earlier.flatMap(MigrationView::predictedSeconds)),
        choice
            .map(ModeChoice::downtimeMillis)
            .filter(Double::isFinite)
            .or(() -> earlier.flatMap(MigrationView::predictedDowntimeMillis)),
        link.map(rate -> (double) rate.bytesPerSecond())
            .or(() -> earlier.flatMap(MigrationView::linkBytesPerSecond)),
        recoveries,
        retries,
        phaseTimes(end),
        channels.get(),
        content.get().or(() -> earlier.flatMap(MigrationView::content)),
        disksView().or(() -> earlier.flatMap(MigrationView::disks)),
        List.copyOf(warnings),
        List.copyOf(continuity.values()));
  }

  private Optional<MigrationView.DisksView> disksView() {
    Optional<MigrationView.ContentView> spared = diskContent.get();
    return disks.totalBytes() == 0 && spared.isEmpty() && layers.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new MigrationView.DisksView(
                disks.totalBytes(), disks.remainingBytes(), spared, layers));
  }

  /** QEMU counts pages of zeros as remaining; they cost next to nothing on the link. */
  private long nonZeroRemaining() {
    return progress.passes() <= 1 && residentBytes > 0
        ? Math.max(0, residentBytes - Math.min(residentBytes, progress.normalPages() * 4096))
        : Long.MAX_VALUE;
  }

  private String modeSeenHere() {
    boolean crossed = subject.role() == Role.TARGET && phase().compareTo(Phase.COPY) > 0;
    return !crossed || options.mode() != Mode.AUTO
        ? options.mode().word()
        : switched ? Mode.POSTCOPY.word() : Mode.PRECOPY.word();
  }

  /** A rate and what is left of it mean nothing while the link is cut. */
  private boolean moves() {
    boolean copies = phase() == Phase.DISKS || phase() == Phase.COPY || phase() == Phase.POSTCOPY;
    return copies && nanoClock.getAsLong() - movedAtNanos < STANDS_STILL.toNanos();
  }

  private boolean converges() {
    return progress.passes() < 2
        || phase() == Phase.POSTCOPY
        || progress.dirtyBytesPerSecond() < recentBytesPerSecond;
  }

  private List<MigrationView.PhaseTime> phaseTimes(long end) {
    List<MigrationView.PhaseTime> times = new ArrayList<>();
    for (int i = 0; i < phases.size(); i++) {
      PhaseStart start = phases.get(i);
      long until = i + 1 < phases.size() ? phases.get(i + 1).atNanos() : end;
      if (start.phase() != Phase.ENDED) {
        times.add(
            new MigrationView.PhaseTime(
                start.phase().word(),
                (start.atNanos() - startedAtNanos) / 1e9,
                (until - start.atNanos()) / 1e9));
      }
    }
    return times;
  }
}
