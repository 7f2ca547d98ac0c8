package io.drover.qemu;

import io.drover.migration.DirtyMemory;
import io.drover.migration.DiskMirror;
import io.drover.migration.DiskProgress;
import io.drover.migration.HypervisorEvent;
import io.drover.migration.MemoryRange;
import io.drover.migration.SourceHypervisor;
import io.drover.migration.TransferAddress;
import io.drover.migration.TransferProgress;
import io.drover.migration.TransferSettings;
import io.drover.migration.TransferState;
import io.drover.model.GuestState;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A QEMU guest of this host as the source of a migration. */
public final class QemuSource implements SourceHypervisor {
  /** So little that the first page uses it up; QEMU takes 0 for no limit. */
  private static final long ASLEEP_BYTES_PER_SECOND = 1024;

  /** For pages that nobody has asked for; those that the guest asks for have their own channel. */
  private static final long FIRST_STEPS_BYTES_PER_SECOND = 2 << 20;

  private static final Duration DRAIN = Duration.ofMillis(25);

  private final QemuGuest guest;
  private final Accelerator accelerator;
  private final TransferSetup setup;
  private volatile boolean switching;
  private volatile boolean urgentChannel;
  private volatile long bandwidth;
  private final AtomicReference<Runnable> unsubscribe = new AtomicReference<>(() -> {});
  private volatile Consumer<HypervisorEvent> events = _ -> {};
  private volatile Optional<DiskMirrors> mirrors = Optional.empty();
  // At its switch, until it is let go on.
  private volatile boolean waits;

  public QemuSource(QemuGuest guest, Accelerator accelerator) {
    this.guest = guest;
    this.accelerator = accelerator;
    this.setup = new TransferSetup(guest);
  }

  @Override
  public void subscribe(Consumer<HypervisorEvent> subscriber) {
    events = subscriber;
    Consumer<HypervisorEvent> noting =
        event -> {
          if (event instanceof HypervisorEvent.SwitchPaused) {
            waits = true;
          }
          subscriber.accept(event);
        };
    unsubscribe.getAndSet(guest.observe(noting)).run();
  }

  @Override
  public GuestState guestState() {
    return guest.state();
  }

  @Override
  public void configure(TransferSettings settings) {
    switching = false;
    waits = false;
    urgentChannel = settings.urgentChannel();
    bandwidth = settings.bytesPerSecond();
    setup.prepareSource(settings);
  }

  @Override
  public void startTransfer(TransferAddress address) {
    if (address instanceof TransferAddress.TcpTls tls) {
      setup.expectPeer(tls.peerName());
    }
    ObjectNode arguments = Qmp.object();
    arguments.put("uri", TransferUri.of(address));
    JsonNode _ = guest.control().run("migrate", arguments);
  }

  @Override
  public void mirrorDisks(List<DiskMirror> wanted) {
    mirrors = Optional.of(DiskMirrors.start(guest, wanted, event -> events.accept(event)));
  }

  @Override
  public void completeDisks() {
    mirrors
        .orElseThrow(() -> new IllegalStateException("completed before they were begun"))
        .complete();
  }

  @Override
  public void cancelDisks() {
    mirrors.ifPresent(DiskMirrors::stop);
    DiskMirrors.cancelAll(guest);
  }

  @Override
  public DiskProgress diskProgress() {
    return mirrors.map(DiskMirrors::progress).orElse(DiskProgress.NONE);
  }

  @Override
  public void continueSwitch() {
    waits = false;
    ObjectNode arguments = Qmp.object();
    arguments.put("state", "pre-switchover");
    JsonNode _ = guest.control().run("migrate-continue", arguments);
  }

  @Override
  public void changeBandwidth(long bytesPerSecond) {
    bandwidth = bytesPerSecond;
    if (switching) {
      // It sleeps, or is in post-copy, which has a rate of its own.
      return;
    }
    setup.setParameter("max-bandwidth", TransferSetup.bandwidth(bytesPerSecond));
  }

  @Override
  public void expectLink(long bytesPerSecond) {
    if (!switching) {
      setup.switchoverBandwidth(bytesPerSecond);
    }
  }

  @Override
  public void changeMaxDowntime(Duration maxDowntime) {
    if (switching) {
      // See switchToPostCopy.
      return;
    }
    setup.setParameter("downtime-limit", maxDowntime.toMillis());
  }

  /**
   * Two things go before the switch in any case, against QEMU letting the guest run here again by
   * itself. When the connection breaks after QEMU decided to finish, post-copy does not pause but
   * fails, and QEMU then restores what the guest did when the switch came: if it ran, it runs,
   * while it runs at the target too. So the guest is stopped first, by us, and stays stopped
   * whatever happens. And QEMU decides to finish when what is left fits into the allowed downtime,
   * which in post-copy makes no sense; without an allowance it finishes when all has been sent, and
   * a break before that pauses post-copy as it should.
   *
   * <p>Where the transfer can be woken, it sleeps for a moment before the guest is stopped: what is
   * on its way arrives meanwhile, and QEMU, which looks up every 50 ms while it sends, takes the
   * switch at once.
   */
  @Override
  public void switchToPostCopy(Optional<Runnable> waker) {
    switching = true;
    setup.setParameter("downtime-limit", 0);
    if (waker.isPresent()) {
      setup.setParameter("max-bandwidth", ASLEEP_BYTES_PER_SECOND);
      if (urgentChannel) {
        setup.setParameter("max-postcopy-bandwidth", FIRST_STEPS_BYTES_PER_SECOND);
      }
      pause(DRAIN);
    }
    guest.stopForSwitch();
    try {
      JsonNode _ = guest.control().run("migrate-start-postcopy");
    } catch (ProblemException refused) {
      // It may go on as a pre-copy: not asleep.
      setup.setParameter("max-bandwidth", TransferSetup.bandwidth(bandwidth));
      throw refused;
    }
    waker.ifPresent(Runnable::run);
  }

  @Override
  public void releaseBulk() {
    setup.setParameter("max-postcopy-bandwidth", 0);
  }

  private static void pause(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void cancelTransfer() {
    // Old versions accept this in post-copy too, which would give the guest two halves.
    TransferState state = setup.state();
    if (state == TransferState.POSTCOPY || state == TransferState.POSTCOPY_PAUSED) {
      throw tooLate("it has switched to post-copy");
    }
    if (guest.control().ask("migrate_cancel", Qmp.object(), Qmp.DEFAULT_TIMEOUT)
        instanceof QmpReply.Refused refused) {
      throw tooLate(refused.description());
    }
  }

  private ProblemException tooLate(String reason) {
    return Problem.migration(
            "too-late-to-cancel",
            "The migration of guest %s cannot be cancelled any more: %s"
                .formatted(guest.definition().name(), reason),
            "Let it finish; then move the guest back.")
        .asException();
  }

  @Override
  public void breakTransfer() {
    TransferBreaker.breakOutgoing(guest);
    if (waits) {
      // It has sent nothing of the switch, and nothing else wakes it there.
      QmpReply _ = guest.control().ask("migrate_cancel", Qmp.object(), Qmp.DEFAULT_TIMEOUT);
    }
  }

  @Override
  public void resumeTransfer(TransferAddress address) {
    ObjectNode arguments = Qmp.object();
    arguments.put("uri", TransferUri.of(address));
    arguments.put("resume", true);
    JsonNode _ = guest.control().run("migrate", arguments);
  }

  @Override
  public void stopGuest() {
    guest.pause();
  }

  @Override
  public void continueGuest() {
    guest.resume();
  }

  @Override
  public TransferState transferState() {
    if (!guest.isAlive()) {
      return TransferState.GONE;
    }
    try {
      return setup.state();
    } catch (ProblemException e) {
      return TransferState.GONE;
    }
  }

  @Override
  public TransferProgress progress() {
    JsonNode answer = guest.control().run("query-migrate");
    JsonNode ram = answer.path("ram");
    if (ram.isMissingNode()) {
      return TransferProgress.NONE;
    }
    long pageSize = ram.path("page-size").asLong(4096);
    return new TransferProgress(
        ram.path("transferred").asLong(0),
        ram.path("remaining").asLong(0),
        ram.path("total").asLong(0),
        ram.path("dirty-pages-rate").asLong(0) * pageSize,
        (long) (ram.path("mbps").asDouble(0) * 1e6 / 8),
        ram.path("dirty-sync-count").asInt(0),
        ram.path("duplicate").asLong(0),
        ram.path("normal").asLong(0),
        ram.path("postcopy-requests").asLong(0));
  }

  @Override
  public DirtyMemory measureDirtyMemory(Duration window) {
    return new DirtyMemoryProbe(guest, accelerator).measure(window);
  }

  @Override
  public Optional<DirtyMemory> measureWrites(Duration window) {
    return new DirtyMemoryProbe(guest, accelerator).measureWrites(window);
  }

  @Override
  public List<MemoryRange> neededFirst() {
    return FirstPages.of(guest).find();
  }

  @Override
  public void quit() {
    mirrors.ifPresent(DiskMirrors::stop);
    guest.quit();
  }
}
