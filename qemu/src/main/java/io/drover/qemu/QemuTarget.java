package io.drover.qemu;

import io.drover.migration.HypervisorEvent;
import io.drover.migration.TargetHypervisor;
import io.drover.migration.TransferAddress;
import io.drover.migration.TransferSettings;
import io.drover.migration.TransferState;
import io.drover.model.GuestDefinition;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.qemu.nbd.NbdClient;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A QEMU that receives a guest. */
public final class QemuTarget implements TargetHypervisor {
  private static final Logger LOG = LoggerFactory.getLogger(QemuTarget.class);

  private final QemuLauncher launcher;
  private final GuestDefinition definition;
  private final ArrivingDisks disks;
  private final AtomicReference<Runnable> unsubscribe = new AtomicReference<>(() -> {});
  private volatile Optional<Consumer<HypervisorEvent>> subscriber = Optional.empty();
  private volatile Optional<QemuGuest> guest;
  private volatile boolean mayHaveRun;
  private volatile boolean exported;

  /** A target whose process is still to be launched. */
  public QemuTarget(QemuLauncher launcher, GuestDefinition definition, ArrivingDisks disks) {
    this.launcher = launcher;
    this.definition = definition;
    this.disks = disks;
    this.guest = Optional.empty();
  }

  private QemuTarget(QemuLauncher launcher, QemuGuest guest, ArrivingDisks disks) {
    this(launcher, guest.definition(), disks);
    this.guest = Optional.of(guest);
    this.exported = !disks.all().isEmpty();
  }

  /**
   * A target that an earlier run of the agent launched and, as its journal shows, never let run.
   */
  public static QemuTarget foundWaiting(
      QemuLauncher launcher, QemuGuest guest, ArrivingDisks disks) {
    guest.arrives();
    return new QemuTarget(launcher, guest, disks);
  }

  /** A target that an earlier run of the agent launched and may have let run. */
  public static QemuTarget foundRunning(
      QemuLauncher launcher, QemuGuest guest, ArrivingDisks disks) {
    QemuTarget target = new QemuTarget(launcher, guest, disks);
    target.mayHaveRun = true;
    return target;
  }

  /** The guest, once there is a process for it. */
  public Optional<QemuGuest> guest() {
    return guest;
  }

  @Override
  public void subscribe(Consumer<HypervisorEvent> newSubscriber) {
    subscriber = Optional.of(newSubscriber);
    guest.ifPresent(this::follow);
  }

  private void follow(QemuGuest process) {
    subscriber.ifPresent(consumer -> unsubscribe.getAndSet(process.observe(consumer)).run());
  }

  @Override
  public void launch(TransferSettings settings) {
    disks.make();
    QemuGuest process = launcher.receive(definition);
    try {
      disks.export(process);
      exported = !disks.all().isEmpty();
      new TransferSetup(process).prepareTarget(settings);
    } catch (RuntimeException e) {
      process.quit();
      throw e;
    }
    guest = Optional.of(process);
    follow(process);
  }

  /** The disks that come with the guest. */
  public ArrivingDisks disks() {
    return disks;
  }

  /** A way to write to one of them, until {@link #releaseDisks}. */
  public NbdClient disk(int disk) throws IOException {
    return ArrivingDisks.connect(process(), disk);
  }

  /** The disks are the guest's alone from now on. */
  public void releaseDisks() {
    if (exported && guest.isPresent()) {
      exported = false;
      ArrivingDisks.unexport(guest.get());
    }
  }

  /** Returns once what came of the disks is on stable storage. */
  public void settleDisks() {
    disks.settle(guest);
  }

  @Override
  public TransferAddress listen(TransferAddress wanted, int attempt) {
    ObjectNode arguments = Qmp.object();
    arguments.put("uri", TransferUri.of(wanted));
    if (attempt == 0) {
      JsonNode _ = process().control().run("migrate-incoming", arguments);
    } else if (process().askUrgently("migrate-recover", arguments)
        instanceof QmpReply.Refused refused) {
      throw Qmp.refusal("migrate-recover", refused).asException();
    }
    return switch (wanted) {
      case TransferAddress.UnixSocket unix -> unix;
      case TransferAddress.Tcp tcp -> new TransferAddress.Tcp(tcp.host(), port(tcp.port()));
      case TransferAddress.TcpTls tls ->
          new TransferAddress.TcpTls(tls.host(), port(tls.port()), tls.peerName());
    };
  }

  private int port(int wanted) {
    if (wanted != 0) {
      return wanted;
    }
    for (JsonNode address : process().control().run("query-migrate").path("socket-address")) {
      if (address.path("type").asString("").equals("inet")) {
        return Integer.parseInt(address.path("port").asString("0"));
      }
    }
    throw Problem.host(
            "no-port",
            "QEMU does not say at which port it listens",
            "Give the transfer a fixed port, or use the tunnel.")
        .asException();
  }

  @Override
  public void run() {
    mayHaveRun = true;
    process().belongsHere();
    try {
      JsonNode _ = process().control().run("cont");
    } catch (ProblemException e) {
      // In post-copy the main loop may wait for a page; it takes the command when that has come.
      if (!e.problem().code().equals("qemu-silent")) {
        throw e;
      }
      LOG.warn("guest {} is told to run, but QEMU does not answer yet", definition.name());
    }
  }

  @Override
  public void announce() {
    ObjectNode arguments = Qmp.object();
    arguments.put("initial", 20).put("max", 500).put("rounds", 5).put("step", 100);
    JsonNode _ = process().control().run("announce-self", arguments);
  }

  @Override
  public void breakTransfer() {
    TransferBreaker.breakIncoming(process());
  }

  @Override
  public TransferState transferState() {
    if (guest.isEmpty() || !guest.get().isAlive()) {
      return TransferState.GONE;
    }
    try {
      return new TransferSetup(guest.get()).state();
    } catch (ProblemException e) {
      if (!guest.get().isAlive()) {
        return TransferState.GONE;
      }
      // Only post-copy makes a living target mute: its main loop waits for a page.
      return TransferState.POSTCOPY_PAUSED;
    }
  }

  @Override
  public boolean mayHaveRun() {
    return mayHaveRun;
  }

  @Override
  public void quit() {
    guest.ifPresent(QemuGuest::quit);
  }

  private QemuGuest process() {
    return guest.orElseThrow(() -> new IllegalStateException("the target is not launched"));
  }
}
