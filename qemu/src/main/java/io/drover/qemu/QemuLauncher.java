package io.drover.qemu;

import io.drover.linux.NamedPipe;
import io.drover.model.GuestDefinition;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts QEMU processes on this host, and finds them again after the agent was away. */
public final class QemuLauncher {
  private static final Logger LOG = LoggerFactory.getLogger(QemuLauncher.class);
  private static final Duration START_PATIENCE = Duration.ofSeconds(30);

  private final QemuProgram program;
  private final Path runDirectory;
  private final Supplier<String> monitorIds;

  /**
   * @param monitorIds a fresh word at every call, also across restarts of the agent: replies to an
   *     earlier agent's requests must not look like replies to ours
   */
  public QemuLauncher(QemuProgram program, Path runDirectory, Supplier<String> monitorIds) {
    this.program = program;
    this.runDirectory = runDirectory;
    this.monitorIds = monitorIds;
  }

  public QemuProgram program() {
    return program;
  }

  /** What the tap device of a guest's card is called, on every host. */
  public static String deviceOf(GuestDefinition guest, int card) {
    return CommandLine.tapName(guest, card);
  }

  /** Boots the guest. */
  public QemuGuest start(GuestDefinition guest) {
    GuestFiles files = GuestFiles.of(runDirectory, guest.name());
    return launch(guest, files, CommandLine.booting(program, guest, files), QemuGuest.Origin.HERE);
  }

  /** Starts a process that can receive the guest and does not run it. */
  public QemuGuest receive(GuestDefinition guest) {
    GuestFiles files = GuestFiles.of(runDirectory, guest.name());
    return launch(
        guest, files, CommandLine.arriving(program, guest, files), QemuGuest.Origin.ELSEWHERE);
  }

  /**
   * The guest's living process, taken over from an earlier run of the agent. Where there is none,
   * what a dead one left behind is removed.
   */
  public Optional<QemuGuest> find(GuestDefinition guest) {
    GuestFiles files = GuestFiles.of(runDirectory, guest.name());
    OptionalLong pid = files.readPid();
    if (pid.isPresent()) {
      QemuProcess process = new QemuProcess(pid.getAsLong(), guest.uuid());
      if (process.isAlive()) {
        return Optional.of(
            new QemuGuest(guest, files, process, taps(guest), monitorIds, QemuGuest.Origin.HERE));
      }
    }
    taps(guest).forEach(GuestTap::delete);
    files.delete();
    return Optional.empty();
  }

  private QemuGuest launch(
      GuestDefinition guest, GuestFiles files, List<String> command, QemuGuest.Origin origin) {
    program
        .refusalOf(guest)
        .ifPresent(
            problem -> {
              throw problem.asException();
            });
    if (files.belongToLivingProcess()) {
      throw Problem.full(
              "guest-is-here",
              "Guest %s is already on this host".formatted(guest.name()),
              "Stop it first, or give the other one another name.")
          .asException();
    }
    List<GuestTap> taps = taps(guest);
    files.delete();
    try {
      files.create();
      NamedPipe.create(files.urgentIn());
      NamedPipe.create(files.urgentOut());
      for (int card = 0; card < taps.size(); card++) {
        taps.get(card).create(guest.networkCards().get(card).bridge());
      }
      return attach(guest, files, taps, run(command, files), origin);
    } catch (RuntimeException e) {
      removeAfter(e, taps, files);
      throw e;
    }
  }

  private QemuGuest attach(
      GuestDefinition guest,
      GuestFiles files,
      List<GuestTap> taps,
      Process process,
      QemuGuest.Origin origin) {
    try {
      awaitMonitor(guest, process, files);
      return new QemuGuest(
          guest, files, new QemuProcess(process.pid(), guest.uuid()), taps, monitorIds, origin);
    } catch (RuntimeException e) {
      process.destroyForcibly();
      if (e instanceof ProblemException known && known.problem().code().equals("qemu-start")) {
        throw e;
      }
      throw startFailure(guest, files.lastWords().orElse(String.valueOf(e.getMessage())))
          .asException(e);
    }
  }

  private static void removeAfter(RuntimeException why, List<GuestTap> taps, GuestFiles files) {
    try {
      taps.forEach(GuestTap::delete);
      files.delete();
    } catch (RuntimeException e) {
      why.addSuppressed(e);
    }
  }

  private Process run(List<String> command, GuestFiles files) {
    LOG.debug("starting {}", command);
    File log = files.log().toFile();
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(new File("/"))
            .redirectInput(new File("/dev/null"))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
            .redirectErrorStream(true);
    CommandLine.cleanEnvironment(builder);
    try {
      return builder.start();
    } catch (IOException e) {
      throw Problem.host(
              "no-qemu",
              "QEMU cannot be started: " + e.getMessage(),
              "Check that %s and setsid (util-linux) are installed.".formatted(program.program()))
          .asException(e);
    }
  }

  /** QEMU answers on a monitor only when all of its devices are made. */
  private void awaitMonitor(GuestDefinition guest, Process process, GuestFiles files) {
    long deadline = System.nanoTime() + START_PATIENCE.toNanos();
    while (System.nanoTime() - deadline < 0) {
      try {
        if (process.waitFor(5, TimeUnit.MILLISECONDS)) {
          throw startFailure(
                  guest, files.lastWords().orElse("it ended with code " + process.exitValue()))
              .asException();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw startFailure(guest, "interrupted").asException(e);
      }
      if (Files.exists(files.control())) {
        try (Qmp probe = Qmp.connect(files.control(), Qmp.events(event -> {}), monitorIds.get())) {
          probe.negotiate(START_PATIENCE);
          return;
        } catch (IOException e) {
          LOG.trace("not listening yet", e);
        }
      }
    }
    throw startFailure(guest, "it was not ready within " + START_PATIENCE.toSeconds() + " s")
        .asException();
  }

  private static Problem startFailure(GuestDefinition guest, String reason) {
    return Problem.host(
        "qemu-start",
        "QEMU did not start guest %s: %s".formatted(guest.name(), reason),
        "Mend what QEMU names; nothing was left behind.");
  }

  private static List<GuestTap> taps(GuestDefinition guest) {
    return IntStream.range(0, guest.networkCards().size())
        .mapToObj(card -> new GuestTap(CommandLine.tapName(guest, card)))
        .toList();
  }
}
