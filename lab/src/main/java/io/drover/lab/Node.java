package io.drover.lab;

import io.drover.model.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Network, mount, UTS, IPC and PID namespaces of a host, a client or the fabric. They live as long
 * as their PID 1, which does nothing but reap; killing it ends every process inside and takes the
 * interfaces with it.
 */
record Node(NodeRecord record) {
  /** In the environment of everything that a lab starts, so that leftovers can be found. */
  static final String MARK = "DROVER_LAB";

  private static final String INIT =
      """
      set -e
      mount -t proc proc /proc
      mount -t sysfs sysfs /sys
      mount --bind "$1" /run
      hostname "$2"
      for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do
        [ ! -e "$f" ] || echo 1 > "$f"
      done
      ip link set lo up
      : > /run/.up
      # Reaps whatever loses its parent in here; a sleep that ends is replaced.
      while :; do sleep 86400 & wait $! || :; done
      """;

  private static final String SETTINGS =
      "while [ $# -gt 0 ]; do echo \"$2\" > \"$1\"; shift 2; done";

  /** In the run folder as soon as a machine is there. */
  private static final String UP = ".up";

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  static Node start(String lab, Path folder, Machine machine, int index) {
    String name = machine.name();
    Path run = runFolder(folder, name);
    Path log = folder.resolve(name).resolve("node.log");
    try {
      Files.createDirectories(run);
      Files.deleteIfExists(run.resolve(UP)); // of a machine that was switched off
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
    // A session of its own: Ctrl-C is for the lab's owner, which then takes things down in order.
    ProcessBuilder builder =
        new ProcessBuilder(
            "setsid",
            "unshare",
            "-m",
            "-u",
            "-i",
            "-p",
            "-n",
            "--fork",
            "--kill-child",
            "--propagation",
            "private",
            "/bin/sh",
            "-c",
            INIT,
            "node",
            run.toString(),
            name);
    builder.environment().put(MARK, lab);
    builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    Process holder = Programs.start(builder);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!Files.exists(run.resolve(UP))) {
      if (!holder.isAlive() || System.nanoTime() > deadline) {
        holder.destroyForcibly();
        throw Problem.host(
                "no-namespaces",
                "The namespaces of '%s' cannot be made: %s".formatted(name, read(log)),
                "Run as root on a machine that allows unshare and mount (in a container:"
                    + " privileged).")
            .asException();
      }
      pause();
    }
    long init =
        holder
            .children()
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("unshare has no child"))
            .pid();
    return new Node(
        new NodeRecord(
            machine, index, identity(holder.pid()), identity(init), networkNamespace(init)));
  }

  private static Path runFolder(Path labFolder, String name) {
    return labFolder.resolve(name).resolve("run");
  }

  private static String read(Path log) {
    try {
      return Files.exists(log) ? Files.readString(log).strip() : "";
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static ProcessIdentity identity(long pid) {
    return ProcessIdentity.of(pid)
        .orElseThrow(() -> new IllegalStateException("process %d is gone".formatted(pid)));
  }

  private static void pause() {
    try {
      Thread.sleep(5);
    } catch (InterruptedException interruption) {
      throw Programs.interrupted(interruption);
    }
  }

  static long networkNamespace(long pid) {
    return namespace(pid, "net").orElse(-1L);
  }

  static Optional<Long> namespace(long pid, String kind) {
    try {
      String link = Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/" + kind)).toString();
      return Optional.of(Long.parseLong(link.replaceAll("[^0-9]", "")));
    } catch (IOException | NumberFormatException gone) {
      return Optional.empty();
    }
  }

  boolean alive() {
    return record.init().alive();
  }

  /** The command that runs another one inside all of the namespaces. */
  List<String> entering(List<String> command) {
    if (!alive()) {
      throw Problem.unknown(
              "node-gone",
              "'%s' is gone: its namespaces ended".formatted(record.name()),
              "Remove the lab with 'drover lab down' and make a new one.")
          .asException();
    }
    List<String> whole = new ArrayList<>();
    whole.addAll(
        List.of(
            "nsenter",
            "-t",
            Long.toString(record.init().pid()),
            "-m",
            "-u",
            "-i",
            "-n",
            "-p",
            "-r",
            "-w"));
    whole.addAll(command);
    return whole;
  }

  String run(String... command) {
    return Programs.run(entering(Arrays.asList(command)));
  }

  /** Several {@code ip} commands in one process. */
  void ip(String... lines) {
    if (lines.length == 0) {
      return;
    }
    Programs.run(entering(List.of("ip", "-batch", "-")), String.join("\n", lines) + "\n");
  }

  /** Kernel settings by their names for {@code sysctl}, in that order. */
  void write(Map<String, String> settings) {
    List<String> command = new ArrayList<>(List.of("sh", "-ec", SETTINGS, "settings"));
    settings.forEach(
        (key, value) -> {
          command.add("/proc/sys/" + key.replace('.', '/'));
          command.add(value);
        });
    if (!settings.isEmpty()) {
      Programs.run(entering(command));
    }
  }

  /**
   * Starts a program inside that goes on when this command ends.
   *
   * @return its process id as the machine sees it
   */
  ProcessIdentity spawn(String lab, Path log, List<String> command) {
    List<String> whole = new ArrayList<>(List.of("setsid"));
    whole.addAll(entering(command));
    ProcessBuilder builder = new ProcessBuilder(whole);
    builder.environment().put(MARK, lab);
    builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    builder.redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    Process entry = Programs.start(builder);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    // nsenter forks to get into the PID namespace; its child is the program.
    while (true) {
      Optional<ProcessHandle> child = entry.children().findFirst();
      if (child.isPresent()) {
        return identity(child.get().pid());
      }
      if (!entry.isAlive() || System.nanoTime() > deadline) {
        throw Problem.host(
                "spawn-failed",
                "'%s' did not start on %s; %s says: %s"
                    .formatted(command.getFirst(), record.name(), log, read(log)),
                "See the log.")
            .asException();
      }
      pause();
    }
  }

  /** Every process inside except PID 1, by the machine's ids. */
  List<ProcessIdentity> processes() {
    Optional<Long> own = namespace(record.init().pid(), "pid");
    if (own.isEmpty()) {
      return List.of();
    }
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      return all.map(ProcessHandle::pid)
          .filter(pid -> pid != record.init().pid())
          .filter(pid -> namespace(pid, "pid").equals(own))
          .flatMap(pid -> ProcessIdentity.of(pid).stream())
          .toList();
    }
  }

  /** Ends everything inside and waits until it is gone. */
  void end() {
    record.init().kill();
    record.holder().kill();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    // Whoever interrupts wants things to end; this is how they do, so it is carried through.
    boolean interrupted = Thread.interrupted();
    while ((record.init().alive() || record.holder().alive()) && System.nanoTime() < deadline) {
      LockSupport.parkNanos(5_000_000);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
