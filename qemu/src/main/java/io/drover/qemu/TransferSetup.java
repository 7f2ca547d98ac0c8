package io.drover.qemu;

import io.drover.migration.TransferSettings;
import io.drover.migration.TransferState;
import io.drover.model.Problem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Sets QEMU's migration capabilities and parameters. Every attempt sets all that matter: a guest
 * may have arrived in this process, or have failed to leave it, with other settings.
 */
final class TransferSetup {
  private static final String TLS_OBJECT = "drover-tls";
  // In effect no limit; 0 would mean the same to current versions but not to every one.
  private static final long UNLIMITED_BYTES_PER_SECOND = 1L << 40;
  private static final Duration CLEANUP_PATIENCE = Duration.ofSeconds(5);

  private final QemuGuest guest;

  TransferSetup(QemuGuest guest) {
    this.guest = guest;
  }

  void prepareSource(TransferSettings settings) {
    setCapabilities(settings);
    ObjectNode parameters = commonParameters(settings);
    parameters.put("max-bandwidth", bandwidth(settings.bytesPerSecond()));
    parameters.put("downtime-limit", settings.maxDowntime().toMillis());
    // A limit here would make every requested page wait for the next 100 ms slice.
    parameters.put("max-postcopy-bandwidth", 0);
    parameters.put("avail-switchover-bandwidth", 0);
    parameters.put("cpu-throttle-initial", 20);
    parameters.put("cpu-throttle-increment", 20);
    parameters.put("max-cpu-throttle", 99);
    setParameters(parameters);
    useTls(settings, "client");
  }

  void prepareTarget(TransferSettings settings) {
    setCapabilities(settings);
    ObjectNode parameters = commonParameters(settings);
    // QEMU would announce the guest here before it may run; Drover does so afterwards.
    parameters.put("announce-rounds", 0);
    setParameters(parameters);
    useTls(settings, "server");
  }

  static long bandwidth(long bytesPerSecond) {
    return bytesPerSecond == 0 ? UNLIMITED_BYTES_PER_SECOND : bytesPerSecond;
  }

  private static ObjectNode commonParameters(TransferSettings settings) {
    ObjectNode parameters = Qmp.object();
    parameters.put("tls-creds", "");
    parameters.put("tls-hostname", "");
    parameters.put("multifd-channels", Math.max(1, settings.parallelChannels()));
    return parameters;
  }

  private void setCapabilities(TransferSettings settings) {
    Map<String, Boolean> wanted = new TreeMap<>();
    wanted.put("events", true);
    // Without it the source believes what it wrote to be what arrived.
    wanted.put("return-path", true);
    wanted.put("validate-uuid", true);
    wanted.put("postcopy-ram", settings.postCopy());
    wanted.put("postcopy-preempt", settings.postCopy() && settings.urgentChannel());
    wanted.put("multifd", settings.parallelChannels() > 0);
    wanted.put("pause-before-switchover", settings.disks());
    wanted.put("auto-converge", settings.throttleGuest());
    for (String off :
        Set.of(
            "xbzrle",
            "release-ram",
            "rdma-pin-all",
            "compress",
            "block",
            "x-colo",
            "x-ignore-shared",
            "background-snapshot",
            "zero-copy-send",
            "switchover-ack",
            "dirty-limit",
            "dirty-bitmaps",
            "mapped-ram",
            "postcopy-blocktime")) {
      wanted.put(off, false);
    }
    Set<String> known =
        guest
            .control()
            .run("query-migrate-capabilities")
            .valueStream()
            .map(capability -> capability.path("capability").asString())
            .collect(Collectors.toSet());
    ObjectNode arguments = Qmp.object();
    ArrayNode list = arguments.putArray("capabilities");
    wanted.forEach(
        (name, state) -> {
          if (known.contains(name)) {
            list.addObject().put("capability", name).put("state", state.booleanValue());
          } else if (state) {
            throw Problem.host(
                    "no-capability",
                    "This host's QEMU lacks the migration capability '%s'".formatted(name),
                    "Install a newer QEMU, or choose a mode that does without.")
                .asException();
          }
        });
    afterCleanup("migrate-set-capabilities", arguments);
  }

  /** A transfer that has just ended keeps its settings locked for a moment. */
  private void afterCleanup(String command, ObjectNode arguments) {
    long deadline = System.nanoTime() + CLEANUP_PATIENCE.toNanos();
    while (true) {
      switch (guest.control().ask(command, arguments, Qmp.DEFAULT_TIMEOUT)) {
        case QmpReply.Success success -> {
          return;
        }
        case QmpReply.Refused refused -> {
          if (!refused.description().contains("migration process in progress")
              || state() == TransferState.ACTIVE
              || System.nanoTime() - deadline > 0) {
            throw Qmp.refusal(command, refused).asException();
          }
        }
      }
      try {
        Thread.sleep(Duration.ofMillis(20));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw Problem.host("interrupted", "The agent is shutting down", "Try again.")
            .asException(e);
      }
    }
  }

  private void setParameters(ObjectNode wanted) {
    JsonNode known = guest.control().run("query-migrate-parameters");
    ObjectNode arguments = Qmp.object();
    wanted
        .properties()
        .forEach(
            parameter -> {
              if (known.has(parameter.getKey())) {
                arguments.set(parameter.getKey(), parameter.getValue());
              }
            });
    JsonNode _ = guest.control().run("migrate-set-parameters", arguments);
  }

  private void useTls(TransferSettings settings, String endpoint) {
    ObjectNode old = Qmp.object();
    old.put("id", TLS_OBJECT);
    QmpReply _ = guest.control().ask("object-del", old, Qmp.DEFAULT_TIMEOUT);
    settings.tlsDirectory().ifPresent(directory -> addTls(directory, endpoint));
  }

  private void addTls(Path directory, String endpoint) {
    ObjectNode credentials = Qmp.object();
    credentials.put("qom-type", "tls-creds-x509");
    credentials.put("id", TLS_OBJECT);
    credentials.put("endpoint", endpoint);
    credentials.put("dir", directory.toString());
    credentials.put("verify-peer", true);
    JsonNode _ = guest.control().run("object-add", credentials);
    ObjectNode parameters = Qmp.object();
    parameters.put("tls-creds", TLS_OBJECT);
    JsonNode _ = guest.control().run("migrate-set-parameters", parameters);
  }

  /** Where QEMU's version lets that be said. */
  void switchoverBandwidth(long bytesPerSecond) {
    ObjectNode parameters = Qmp.object();
    parameters.put("avail-switchover-bandwidth", bytesPerSecond);
    setParameters(parameters);
  }

  void expectPeer(String name) {
    setParameter("tls-hostname", name);
  }

  void setParameter(String name, String value) {
    ObjectNode parameters = Qmp.object();
    parameters.put(name, value);
    JsonNode _ = guest.control().run("migrate-set-parameters", parameters);
  }

  void setParameter(String name, long value) {
    ObjectNode parameters = Qmp.object();
    parameters.put(name, value);
    JsonNode _ = guest.control().run("migrate-set-parameters", parameters);
  }

  TransferState state() {
    return stateOf(guest.control().run("query-migrate").path("status").asString("none"));
  }

  static TransferState stateOf(String status) {
    return switch (status) {
      case "none" -> TransferState.NONE;
      case "completed" -> TransferState.COMPLETED;
      case "failed", "cancelled" -> TransferState.FAILED;
      case "postcopy-paused" -> TransferState.POSTCOPY_PAUSED;
      // What newer versions add is a transfer in progress.
      default -> status.startsWith("postcopy-") ? TransferState.POSTCOPY : TransferState.ACTIVE;
    };
  }
}
