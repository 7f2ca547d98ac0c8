package io.drover.lab;

import io.drover.model.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The real agents of a lab's hosts, each in its host's namespaces, with certificates of the lab's
 * own authority. Everything of an agent lies below its {@code /run} and goes with the lab.
 */
final class LabAgents {
  private static final String CONFIG = "/run/drover/agent.yaml";
  private static final String TLS = "/run/drover-tls";
  static final String OPERATOR = "lab";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Lab lab;
  private final DroverProgram drover;

  LabAgents(Lab lab) {
    this.lab = lab;
    this.drover = DroverProgram.find();
  }

  void startAll() {
    issueCertificates();
    for (NodeRecord host : lab.record().hosts()) {
      configure(host);
      start(host.name());
    }
    for (NodeRecord host : lab.record().hosts()) {
      await(host.name());
    }
  }

  /** Starts one agent; it may be there already only as a corpse. */
  void start(String host) {
    ProcessIdentity process =
        lab.node(host)
            .spawn(
                lab.record().name(),
                log(host),
                List.of(drover.launcher(), "agent", "--config", CONFIG));
    pidFile(lab, host).write(process);
  }

  /** The agent's process, if it runs. */
  Optional<ProcessIdentity> process(String host) {
    return pidFile(lab, host).process();
  }

  /** "running", "stopped", or "none" where there never was one. */
  static String state(Lab lab, String host) {
    return pidFile(lab, host).state();
  }

  /** Kills the agent as {@code kill -9} does; its guests go on. */
  void kill(String host) {
    process(host).ifPresent(ProcessIdentity::kill);
  }

  /** Waits until the agent answers. */
  void await(String host) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      if (AgentProbe.answers(socket(host))) {
        return;
      }
      if (process(host).isEmpty() || System.nanoTime() > deadline) {
        throw Problem.host(
                "agent-silent",
                "The agent of %s does not answer; its log ends with: %s"
                    .formatted(host, tail(log(host))),
                "Read %s.".formatted(log(host)))
            .asException();
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException interruption) {
        throw Programs.interrupted(interruption);
      }
    }
  }

  /** The agent's local API, as reached from outside the host. */
  Path socket(String host) {
    return socket(lab, host);
  }

  static Path socket(Lab lab, String host) {
    return lab.runFolder(host).resolve("drover/agent.sock");
  }

  Path log(String host) {
    return lab.folder().resolve(host).resolve("agent.log");
  }

  private static PidFile pidFile(Lab lab, String host) {
    return new PidFile(lab.folder().resolve(host).resolve("agent.pid"));
  }

  void issueCertificates() {
    Path authority = lab.folder().resolve("ca");
    Programs.run(List.of(drover.launcher(), "ca", "init", authority.toString()));
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (NodeRecord host : lab.record().hosts()) {
        all.add(
            threads.submit(
                () ->
                    issue(
                        authority,
                        lab.runFolder(host.name()).resolve("drover-tls"),
                        List.of(
                            "--host", host.name(),
                            "--address", host.address(),
                            "--address", "localhost"))));
      }
      all.add(
          threads.submit(
              () ->
                  issue(
                      authority,
                      lab.folder().resolve("operator"),
                      List.of("--operator", OPERATOR))));
      for (Future<?> one : all) {
        one.get();
      }
    } catch (ExecutionException failure) {
      if (failure.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(failure);
    } catch (InterruptedException interruption) {
      throw Programs.interrupted(interruption);
    }
  }

  /** Makes host.pem and host.key (or operator.pem and operator.key) and ca.pem in a folder. */
  private void issue(Path authority, Path into, List<String> who) {
    List<String> command =
        new ArrayList<>(List.of(drover.launcher(), "ca", "issue", "--ca", authority.toString()));
    command.addAll(who);
    command.addAll(List.of("--out", into.toString()));
    try {
      Files.createDirectories(into);
      Programs.run(command);
      Files.copy(authority.resolve("ca.pem"), into.resolve("ca.pem"));
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private void configure(NodeRecord host) {
    Path folder = lab.runFolder(host.name()).resolve("drover");
    try {
      Files.createDirectories(folder);
      Files.createDirectories(lab.runFolder(host.name()).resolve("drover-state"));
      Files.createDirectories(lab.runFolder(host.name()).resolve("serial"));
      Files.writeString(folder.resolve("agent.yaml"), configuration(host, lab.record().hosts()));
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  static String configuration(NodeRecord host, List<NodeRecord> hosts) {
    StringBuilder peers = new StringBuilder();
    for (NodeRecord peer : hosts) {
      if (!peer.equals(host)) {
        peers.append(
            "  %s: {address: \"%s:%d\", send: true, receive: true}\n"
                .formatted(peer.name(), peer.address(), AddressPlan.AGENT_PORT));
      }
    }
    return """
    name: %1$s
    listen: "%2$s:%3$d"
    tls: {authority: %4$s/ca.pem, certificate: %4$s/host.pem, key: %4$s/host.key}
    peers:%5$s
    operators: [%6$s]
    run-directory: /run/drover
    state-directory: /run/drover-state
    %7$s\
    """
        .formatted(
            host.name(),
            host.address(),
            AddressPlan.AGENT_PORT,
            TLS,
            peers.isEmpty() ? " {}" : "\n" + peers.toString().stripTrailing(),
            OPERATOR,
            host.machine().agentLines());
  }

  private static String tail(Path log) {
    try {
      String text = Files.exists(log) ? Files.readString(log).strip() : "(empty)";
      return text.length() > 1000 ? text.substring(text.length() - 1000) : text;
    } catch (IOException failure) {
      return "(unreadable)";
    }
  }

  /** Stops an agent in order and waits for its end. */
  void stop(String host) {
    pidFile(lab, host).stop();
  }
}
