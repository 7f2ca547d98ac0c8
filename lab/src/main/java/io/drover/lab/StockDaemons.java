package io.drover.lab;

import io.drover.model.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/**
 * The daemons of stock ways of moving, on the hosts of a lab. They are processes of their host's
 * namespaces and end with it, whatever becomes of whoever started them.
 */
final class StockDaemons {
  /** Where QEMU at the target listens for what a daemon hands on. */
  static final int MIGRATION_PORT = 4444;

  private static final int STUNNEL_ENTRY = 7801;
  private static final int STUNNEL_PORT = 7800;
  private static final int SSH_ENTRY = 7802;
  private static final int SSH_PORT = 22;
  private static final int LIBVIRT_TLS_PORT = 16514;
  private static final int LISTENING = 0x0A;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Lab lab;
  private final StockPrograms programs;

  StockDaemons(Lab lab, StockPrograms programs) {
    this.lab = lab;
    this.programs = programs;
  }

  /** Where QEMU at the source connects to. */
  static int entry(Way way) {
    return switch (way) {
      case STUNNEL -> STUNNEL_ENTRY;
      case SSH -> SSH_ENTRY;
      case PLAIN, PLAIN_WITHOUT_PREEMPT, TUNNEL, NATIVE, NATIVE_TLS, LIBVIRT, LIBVIRT_TUNNELLED ->
          throw new IllegalArgumentException(way + " needs no daemon to connect to");
    };
  }

  void startStunnel() {
    for (NodeRecord host : lab.record().hosts()) {
      NodeRecord peer = peer(host);
      spawn(
          host,
          "stunnel",
          address(host),
          address(peer),
          peer.name(),
          Integer.toString(STUNNEL_PORT),
          Integer.toString(STUNNEL_ENTRY),
          Integer.toString(MIGRATION_PORT));
    }
    awaitListening("stunnel", STUNNEL_PORT, STUNNEL_ENTRY);
  }

  /**
   * A way in for each host, and a tunnel through it to the port where QEMU at the target listens.
   */
  void startSsh() {
    startSshd();
    for (NodeRecord host : lab.record().hosts()) {
      spawn(
          host,
          "ssh",
          address(peer(host)),
          Integer.toString(SSH_ENTRY),
          Integer.toString(MIGRATION_PORT));
    }
    // The client opens its end when it has logged in.
    awaitListening("ssh", SSH_ENTRY);
  }

  /** One pair of keys serves hosts and people, both ways: it is known to this lab alone. */
  void startSshd() {
    NodeRecord first = lab.record().hosts().getFirst();
    Programs.run(lab.node(first.name()).entering(programs.command("keys")));
    for (NodeRecord host : lab.record().hosts()) {
      if (!host.equals(first)) {
        for (String file : List.of("key", "key.pub")) {
          copy(
              lab.runFolder(first.name()).resolve("stock").resolve(file),
              lab.runFolder(host.name()).resolve("stock").resolve(file));
        }
      }
    }
    for (NodeRecord host : lab.record().hosts()) {
      spawn(host, "sshd", address(host));
    }
    awaitListening("sshd", SSH_PORT);
  }

  void startLibvirt() {
    for (NodeRecord host : lab.record().hosts()) {
      spawn(host, "libvirtd", UUID.randomUUID().toString());
    }
    awaitListening("libvirtd", LIBVIRT_TLS_PORT);
  }

  /** A lab goes with a run that failed, and its logs with it. */
  String lastWordsOfSshd(String host) {
    return tail(log(lab.node(host).record(), "sshd"));
  }

  private void spawn(NodeRecord host, String tool, String... arguments) {
    lab.node(host.name())
        .spawn(lab.record().name(), log(host, tool), programs.command(tool, arguments));
  }

  private Path log(NodeRecord host, String tool) {
    return lab.folder().resolve(host.name()).resolve(tool + ".log");
  }

  static String address(NodeRecord host) {
    return host.address();
  }

  private NodeRecord peer(NodeRecord host) {
    return lab.record().hosts().stream()
        .filter(other -> !other.equals(host))
        .findFirst()
        .orElseThrow();
  }

  private static void copy(Path from, Path to) {
    try {
      Files.createDirectories(to.getParent());
      Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private void awaitListening(String tool, int... ports) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    for (NodeRecord host : lab.record().hosts()) {
      for (int port : ports) {
        while (!listens(tcpTable(host), port)) {
          if (System.nanoTime() > deadline) {
            throw Problem.host(
                    "stock-silent",
                    "%s on %s does not listen on port %d; its log: %s"
                        .formatted(tool, host.name(), port, tail(log(host, tool))),
                    "Read %s.".formatted(log(host, tool)))
                .asException();
          }
          try {
            Thread.sleep(20);
          } catch (InterruptedException interruption) {
            throw Programs.interrupted(interruption);
          }
        }
      }
    }
  }

  private static String tcpTable(NodeRecord host) {
    try {
      Path network = Path.of("/proc/" + host.init().pid() + "/net");
      Path six = network.resolve("tcp6");
      return Files.readString(network.resolve("tcp"))
          + (Files.exists(six) ? Files.readString(six) : "");
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** Whether a table as in {@code /proc/net/tcp} has somebody listening. */
  static boolean listens(String table, int port) {
    String end = ":%04X".formatted(port);
    return table
        .lines()
        .map(line -> line.strip().split("\\s+", 0))
        .anyMatch(
            fields ->
                fields.length > 3
                    && fields[1].toUpperCase(Locale.ROOT).endsWith(end)
                    && fields[3].equals("%02X".formatted(LISTENING)));
  }

  private static String tail(Path log) {
    try {
      String text = Files.exists(log) ? Files.readString(log).strip() : "(empty)";
      return text.substring(Math.max(0, text.length() - 500));
    } catch (IOException failure) {
      return "(unreadable)";
    }
  }
}
