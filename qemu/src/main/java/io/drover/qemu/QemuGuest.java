package io.drover.qemu;

import io.drover.migration.HypervisorEvent;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestState;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One guest's QEMU process on this host. The process outlives this object: {@link #close} lets it
 * go, {@link #quit} ends it.
 *
 * <p>Two monitors lead to it. The one for ordinary commands is a socket; a main loop that waits for
 * a page of another host's memory stops answering there. The urgent one is a pair of named pipes:
 * QEMU serves it from a thread of its own, and a pipe, unlike a socket, does not notice when the
 * agent goes away. So what was negotiated stays, and an agent that restarts while the main loop
 * hangs can still break and recover a transfer, which over a new socket it could not.
 */
public final class QemuGuest implements AutoCloseable {
  /** Where the guest first ran, which decides what a stopped one here is. */
  enum Origin {
    HERE,
    ELSEWHERE
  }

  private static final Logger LOG = LoggerFactory.getLogger(QemuGuest.class);
  private static final Duration SHORT = Duration.ofSeconds(5);
  private static final int MAX_PENDING_EVENTS = 10_000;

  private final GuestDefinition definition;
  private final GuestFiles files;
  private final QemuProcess process;
  private final List<GuestTap> taps;
  private final Supplier<String> monitorIds;
  private final Qmp urgent;
  private final BlockingQueue<Optional<QmpEvent>> pending =
      new LinkedBlockingQueue<>(MAX_PENDING_EVENTS);
  private final List<Consumer<HypervisorEvent>> observers = new CopyOnWriteArrayList<>();
  private final ReentrantLock connecting = new ReentrantLock();
  private final ReentrantLock cleaning = new ReentrantLock();
  private boolean cleaned;
  private Optional<Qmp> control = Optional.empty();
  private volatile Origin origin;
  private volatile boolean released;
  private volatile boolean stoppedForSwitch;

  QemuGuest(
      GuestDefinition definition,
      GuestFiles files,
      QemuProcess process,
      List<GuestTap> taps,
      Supplier<String> monitorIds,
      Origin origin) {
    this.definition = definition;
    this.files = files;
    this.process = process;
    this.taps = taps;
    this.monitorIds = monitorIds;
    this.origin = origin;
    this.urgent = openUrgent();
    EventTranslator translator = new EventTranslator(this);
    Thread.ofVirtual()
        .name("events of " + definition.name())
        .start(() -> tellObservers(translator));
  }

  public GuestDefinition definition() {
    return definition;
  }

  public long pid() {
    return process.pid();
  }

  /** Whether the process lives, whatever it does. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /**
   * Adds an observer of all that happens to the guest, in order, on one thread that may ask and
   * wait. The returned action removes it.
   */
  public Runnable observe(Consumer<HypervisorEvent> observer) {
    observers.add(observer);
    return () -> observers.remove(observer);
  }

  public GuestState state() {
    if (!process.isAlive()) {
      return GuestState.STOPPED;
    }
    try {
      return switch (runState(SHORT)) {
        case "running" -> GuestState.RUNNING;
        case "inmigrate" -> GuestState.ARRIVING;
        case "shutdown" -> GuestState.STOPPED;
        default -> origin == Origin.ELSEWHERE ? GuestState.ARRIVING : GuestState.PAUSED;
      };
    } catch (ProblemException e) {
      return process.isAlive() ? GuestState.UNCLEAR : GuestState.STOPPED;
    }
  }

  /** QEMU's own word for what the guest's processors do. */
  String runState(Duration patience) {
    return control().run("query-status", Qmp.object(), patience).path("status").asString();
  }

  public void pause() {
    JsonNode _ = control().run("stop");
  }

  public void resume() {
    // What was received and never run is another host's to decide upon.
    if (origin == Origin.ELSEWHERE) {
      throw Problem.usage(
              "guest-arriving",
              "Guest %s is arriving here and has not been handed over".formatted(definition.name()),
              "Wait for its migration, or resolve it.")
          .asException();
    }
    JsonNode _ = control().run("cont");
  }

  /** Stops a running guest for good, unless the transfer ends before its switch. */
  void stopForSwitch() {
    if (runState(SHORT).equals("running")) {
      stoppedForSwitch = true;
      pause();
    }
  }

  /** The switch has happened: the guest will not run here again. */
  void switched() {
    stoppedForSwitch = false;
  }

  /** The transfer ended without a switch: a guest that was stopped for it goes on. */
  void goOnAfterNoSwitch() {
    if (stoppedForSwitch) {
      stoppedForSwitch = false;
      try {
        resume();
      } catch (ProblemException e) {
        LOG.error("guest {} stays paused: {}", definition.name(), e.problem());
      }
    }
  }

  /** From now on the guest is this host's, to run, pause and stop. */
  public void belongsHere() {
    origin = Origin.HERE;
  }

  boolean isArrival() {
    return origin == Origin.ELSEWHERE;
  }

  void arrives() {
    origin = Origin.ELSEWHERE;
  }

  /** Presses the guest's power button and gives it time; then ends the process. */
  public void powerDown(Duration grace) {
    if (process.isAlive()) {
      try {
        JsonNode _ = control().run("system_powerdown", Qmp.object(), SHORT);
        boolean inTime = process.awaitEnd(grace);
        LOG.debug("guest {} powered itself off in time: {}", definition.name(), inTime);
      } catch (ProblemException e) {
        LOG.debug("guest {} cannot be asked to power off: {}", definition.name(), e.problem());
      }
    }
    quit();
  }

  /** Ends the process at once and removes what belongs to it on this host. */
  public void quit() {
    if (process.isAlive()) {
      try {
        QmpReply _ = control().ask("quit", Qmp.object(), SHORT);
      } catch (ProblemException e) {
        LOG.debug("guest {} did not take 'quit': {}", definition.name(), e.problem());
      }
      if (!process.awaitEnd(SHORT)) {
        LOG.warn("QEMU of guest {} (pid {}) hangs: killing it", definition.name(), pid());
        process.kill();
        if (!process.awaitEnd(SHORT)) {
          throw Problem.host(
                  "qemu-immortal",
                  "QEMU of guest %s (pid %d) does not end".formatted(definition.name(), pid()),
                  "Its files and network devices stay; look at the process's state in /proc.")
              .asException();
        }
      }
    }
    cleanUp();
  }

  /** Whoever ends the process and whoever notices its end may come here at the same moment. */
  private void cleanUp() {
    cleaning.lock();
    try {
      if (!cleaned) {
        taps.forEach(GuestTap::delete);
        files.delete();
        cleaned = true;
      }
    } finally {
      cleaning.unlock();
    }
  }

  /** Lets the process go without ending it. */
  @Override
  public void close() {
    released = true;
    urgent.close();
    connecting.lock();
    try {
      control.ifPresent(Qmp::close);
    } finally {
      connecting.unlock();
    }
  }

  /** The ordinary monitor, connected when first needed and again when lost. */
  Qmp control() {
    connecting.lock();
    try {
      if (control.isEmpty() || !control.get().isOpen()) {
        Qmp fresh = Qmp.connect(files.control(), Qmp.events(event -> {}), monitorIds.get());
        try {
          JsonNode _ = fresh.negotiate(SHORT);
        } catch (ProblemException e) {
          fresh.close();
          throw e;
        }
        control = Optional.of(fresh);
      }
      return control.get();
    } catch (IOException e) {
      throw unreachable(e);
    } finally {
      connecting.unlock();
    }
  }

  /** What QEMU's monitor for people says to a command that its other monitor does not have. */
  String askMonitor(String command) {
    ObjectNode arguments = Qmp.object();
    arguments.put("command-line", command);
    return control().run("human-monitor-command", arguments).asString();
  }

  /** How large the guest's disks are, and what they are based on. */
  public List<DiskState> disks() {
    JsonNode nodes = control().run("query-named-block-nodes");
    List<DiskState> disks = new ArrayList<>();
    for (int disk = 0; disk < definition.disks().size(); disk++) {
      String wanted = DiskNodes.disk(disk);
      disks.add(
          DiskLayout.of(
              nodes
                  .valueStream()
                  .filter(node -> node.path("node-name").asString("").equals(wanted))
                  .findFirst()
                  .orElseThrow(() -> new IllegalStateException("QEMU has no node " + wanted))
                  .path("image")));
    }
    return disks;
  }

  /** Where a QEMU that a guest arrives in takes the bytes of its disks. */
  Path diskSocket() {
    return files.directory().resolve("disks");
  }

  /** A file that QEMU may write and that goes with the guest at the latest. */
  Path scratchFile() {
    return files.directory().resolve("page-" + monitorIds.get());
  }

  /** Asks out of band: answered also while the main loop hangs. */
  QmpReply askUrgently(String command, ObjectNode arguments) {
    return urgent.askOutOfBand(command, arguments, Qmp.DEFAULT_TIMEOUT);
  }

  private Qmp openUrgent() {
    Qmp qmp;
    // Opening one end of a pipe waits for the other; holding both meanwhile avoids that. They must
    // not be held on to, though: the end of QEMU has to be the end of the pipe.
    try (FileChannel holdIn = openBoth(files.urgentIn());
        FileChannel holdOut = openBoth(files.urgentOut())) {
      LOG.trace("holding {} and {}", holdIn, holdOut);
      qmp =
          Qmp.over(
              files.urgent().toString(),
              FileChannel.open(files.urgentOut(), StandardOpenOption.READ),
              FileChannel.open(files.urgentIn(), StandardOpenOption.WRITE),
              new UrgentListener(),
              monitorIds.get());
    } catch (IOException e) {
      throw unreachable(e);
    }
    try {
      // Refused only on the first use of this monitor, which then needs negotiating.
      if (qmp.askOutOfBand("query-yank", Qmp.object(), SHORT) instanceof QmpReply.Refused) {
        ObjectNode arguments = Qmp.object();
        arguments.putArray("enable").add("oob");
        JsonNode _ = qmp.run("qmp_capabilities", arguments, SHORT);
      }
    } catch (ProblemException e) {
      qmp.close();
      throw e;
    }
    return qmp;
  }

  private static FileChannel openBoth(Path pipe) throws IOException {
    return FileChannel.open(pipe, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  private final class UrgentListener implements Qmp.Listener {
    @Override
    public void event(QmpEvent event) {
      if (!pending.offer(Optional.of(event))) {
        LOG.warn("guest {}: too many events, {} is lost", definition.name(), event.name());
      }
    }

    @Override
    public void ended() {
      // Waits for room rather than lose this one; nothing else comes after it.
      try {
        pending.put(Optional.empty());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void tellObservers(EventTranslator translator) {
    try {
      for (Optional<QmpEvent> next = pending.take(); next.isPresent(); next = pending.take()) {
        translator.translate(next.get()).ifPresent(this::tell);
      }
      if (!released) {
        tellExit();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void tellExit() throws InterruptedException {
    long atNanos = System.nanoTime();
    while (!released && process.isAlive()) {
      Thread.sleep(Duration.ofMillis(20));
    }
    if (released) {
      return;
    }
    String reason = files.lastWords().orElse("the QEMU process ended");
    try {
      cleanUp();
    } catch (ProblemException e) {
      LOG.warn("guest {}: {}", definition.name(), e.problem());
    }
    tell(new HypervisorEvent.ProcessExited(reason, atNanos));
  }

  private void tell(HypervisorEvent event) {
    LOG.debug("guest {}: {}", definition.name(), event);
    for (Consumer<HypervisorEvent> observer : observers) {
      try {
        observer.accept(event);
      } catch (RuntimeException e) {
        LOG.error("guest {}: an observer failed at {}", definition.name(), event, e);
      }
    }
  }

  private ProblemException unreachable(IOException e) {
    return Problem.host(
            "qemu-gone",
            "QEMU of guest %s cannot be reached: %s".formatted(definition.name(), e.getMessage()),
            "Its process has ended, or its run directory was removed.")
        .asException(e);
  }
}
