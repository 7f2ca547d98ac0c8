package io.drover.agent;

import io.drover.model.HostName;
import io.drover.network.NetworkSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What agent.yaml says; docs/agent.yaml.example explains every key.
 *
 * @param operators names in certificates that may use the API on the TLS port
 * @param heartbeatTimeout a peer that is silent for this long is taken for gone
 * @param stallTimeout a migration that moves nothing for this long is taken for stuck
 * @param migrationHistory reports of ended migrations that are kept
 * @param maxMigrations at the same time, in each direction
 * @param network how guests stay reachable when they move
 */
record AgentConfiguration(
    HostName name,
    Endpoint listen,
    TlsFiles tls,
    Map<HostName, Peer> peers,
    List<String> operators,
    Path runDirectory,
    Path stateDirectory,
    StoreConfiguration store,
    String qemu,
    Accelerator accelerator,
    Duration heartbeatTimeout,
    Duration stallTimeout,
    int migrationHistory,
    int maxMigrations,
    LogLevel logLevel,
    NetworkSettings network) {

  static final Path DEFAULT_FILE = Path.of("/etc/drover/agent.yaml");

  AgentConfiguration {
    peers = Map.copyOf(peers);
    operators = List.copyOf(operators);
  }

  /** PEM files. */
  record TlsFiles(Path authority, Path certificate, Path key) {}

  /**
   * Another host, and what is permitted with it.
   *
   * @param send this host may send guests there
   * @param receive this host takes guests from there
   * @param trustedPath packets of guests that moved may cross the path to it in the clear
   */
  record Peer(Endpoint address, Permission send, Permission receive, Permission trustedPath) {}

  /** Nothing is permitted that is not written down. */
  enum Permission {
    DENIED,
    GRANTED;

    boolean isGranted() {
      return this == GRANTED;
    }
  }

  Path socket() {
    return runDirectory.resolve("agent.sock");
  }
}
