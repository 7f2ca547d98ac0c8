package io.drover.lab;

import io.drover.api.GuestSpec;
import io.drover.api.GuestView;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.model.Mode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Hosts on which a script would move guests: QEMU over its monitor, its connection direct or
 * through stunnel or ssh. Nothing of Drover's agents takes part. QEMU's settings are its own but
 * for the limit of the rate, which is taken away.
 *
 * <p>Threads: one at a time.
 */
final class StockHosts {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Lab lab;
  private final StockQemu qemu;
  private final Map<String, GuestSpec> specs = new HashMap<>();
  private final Map<String, Host> hosts = new HashMap<>();
  private int moves;

  /** Makes ready what these ways need. */
  StockHosts(Lab lab, StockPrograms programs, Set<Way> ways) {
    this.lab = lab;
    this.qemu = new StockQemu(lab);
    StockDaemons daemons = new StockDaemons(lab, programs);
    if (ways.contains(Way.STUNNEL)) {
      new LabAgents(lab).issueCertificates();
      daemons.startStunnel();
    }
    if (ways.contains(Way.SSH)) {
      daemons.startSsh();
    }
  }

  HostControl.Factory factory() {
    return socket -> hosts.computeIfAbsent(hostOf(socket), Host::new);
  }

  /** As agents' sockets lie: .../LAB/HOST/run/drover/agent.sock. */
  static String hostOf(Path socket) {
    return socket.getName(socket.getNameCount() - 4).toString();
  }

  /** Sets what this way differs in, also back, since a guest that arrived has its last settings. */
  private static void configure(QemuMonitor monitor, StockMove move) {
    boolean postCopy = !move.mode().equals(Mode.PRECOPY.word());
    boolean preempt = postCopy && move.way() != Way.PLAIN_WITHOUT_PREEMPT;
    List<Map<String, Object>> capabilities = new ArrayList<>();
    capabilities.add(Map.of("capability", "postcopy-ram", "state", postCopy));
    capabilities.add(Map.of("capability", "postcopy-preempt", "state", preempt));
    // Without it, what was written counts as arrived.
    capabilities.add(Map.of("capability", "return-path", "state", true));
    monitor.run("migrate-set-capabilities", Map.of("capabilities", capabilities));
    monitor.run("migrate-set-parameters", Map.of("max-bandwidth", StockQemu.UNLIMITED));
  }

  private final class Host implements StockMove.Host {
    private final String name;
    private Optional<StockMove> current = Optional.empty();
    private long orderedNanos;
    private boolean switched;
    private long sentBytes;
    private long progressNanos;

    Host(String name) {
      this.name = name;
    }

    @Override
    public GuestView startGuest(GuestSpec spec) {
      specs.put(spec.name(), spec);
      qemu.boot(name, spec, List.of());
      return StockMove.Host.started(spec);
    }

    @Override
    public MigrationView migrate(MigrationRequest request) {
      GuestSpec spec = Objects.requireNonNull(specs.get(request.guest()), request.guest());
      StockMove move = StockMove.started("s" + ++moves, name, request);
      String target = StockDaemons.address(lab.node(request.to()).record());
      boolean direct = move.way() == Way.PLAIN || move.way() == Way.PLAIN_WITHOUT_PREEMPT;
      QemuMonitor there = qemu.boot(request.to(), spec, List.of("-incoming", "defer"));
      configure(there, move);
      there.run(
          "migrate-incoming",
          Map.of(
              "uri",
              "tcp:%s:%d".formatted(direct ? target : "127.0.0.1", StockDaemons.MIGRATION_PORT)));
      QemuMonitor here = qemu.monitor(name, request.guest());
      configure(here, move);
      switched = false;
      sentBytes = -1;
      orderedNanos = System.nanoTime();
      here.run(
          "migrate",
          Map.of(
              "uri",
              direct
                  ? "tcp:%s:%d".formatted(target, StockDaemons.MIGRATION_PORT)
                  : "tcp:127.0.0.1:" + StockDaemons.entry(move.way())));
      current = Optional.of(move);
      return migration(move.id());
    }

    @Override
    public MigrationView migration(String id) {
      StockMove move = current.filter(one -> one.id().equals(id)).orElseThrow();
      if (!move.ended()) {
        move = look(move, qemu.monitor(name, move.request().guest()));
        current = Optional.of(move);
      }
      return move.view();
    }

    private StockMove look(StockMove move, QemuMonitor here) {
      JsonNode info = here.run("query-migrate");
      long sent = info.path("ram").path("transferred").asLong();
      if (sent != sentBytes) {
        sentBytes = sent;
        progressNanos = System.nanoTime();
      } else if (System.nanoTime() - progressNanos > PATIENCE.toNanos()) {
        // QEMU has no time-outs of its own.
        return move.failed(
            "nothing was sent for %d s; QEMU says %s"
                .formatted(PATIENCE.toSeconds(), info.path("status").asString("")));
      }
      switch (info.path("status").asString("")) {
        case "completed" -> {
          here.quit();
          Duration took = Duration.ofMillis(info.path("total-time").asLong());
          return move.completed(orderedNanos + took.toNanos());
        }
        case "failed", "cancelled", "postcopy-paused" -> {
          return move.failed(
              "QEMU says %s: %s"
                  .formatted(
                      info.path("status").asString(""), info.path("error-desc").asString("")));
        }
        case "active" -> {
          boolean onePass = info.path("ram").path("dirty-sync-count").asLong() > 1;
          if (!switched
              && (move.mode().equals(Mode.POSTCOPY.word())
                  || (move.mode().equals(Mode.HYBRID.word()) && onePass))) {
            switched = true;
            here.run("migrate-start-postcopy");
          }
        }
        default -> {}
      }
      return move;
    }

    @Override
    public void killGuest(String guest) {
      qemu.monitor(name, guest).quit();
    }
  }
}
