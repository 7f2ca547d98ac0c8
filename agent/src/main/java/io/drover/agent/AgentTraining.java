package io.drover.agent;

import io.drover.api.GuestSpec;
import io.drover.api.MigrationRequest;
import io.drover.api.MigrationView;
import io.drover.api.StopManner;
import io.drover.chunk.StoreLimits;
import io.drover.model.ByteSize;
import io.drover.model.HostName;
import io.drover.model.Problem;
import io.drover.network.NetworkSettings;
import io.drover.tunnel.CertificateAuthority;
import io.drover.tunnel.Identity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Two agents in this process that move an empty guest to and fro over the loopback. The launcher
 * has the JVM watch this once after a build: agents start with what it learnt, so that the first
 * move of a host is not slowed down by code that nobody ran before.
 */
public final class AgentTraining {
  private static final String GUEST = "training";
  private static final HostName ONE = new HostName("one");
  private static final HostName OTHER = new HostName("other");
  private static final List<String> MODES =
      List.of("auto", "postcopy", "hybrid", "precopy", "postcopy", "auto");
  private static final Set<String> NEEDS_POST_COPY = Set.of("postcopy", "hybrid");
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Path folder;
  private final CertificateAuthority authority;

  private AgentTraining(Path folder) {
    this.folder = folder;
    authority =
        CertificateAuthority.init(
            folder, CertificateAuthority.Replacing.NOTHING, Clock.systemUTC(), new SecureRandom());
  }

  /**
   * Needs QEMU, and for post-copy what a target needs for it.
   *
   * @param folder an empty one; what is left in it is of no use
   */
  public static void run(Path folder) throws IOException, InterruptedException {
    AgentTraining training = new AgentTraining(folder);
    int[] ports = freePorts();
    Agent one = Agent.start(training.configuration(ONE, ports[0], OTHER, ports[1]));
    try {
      Agent other = Agent.start(training.configuration(OTHER, ports[1], ONE, ports[0]));
      try {
        training.moves(one, other);
      } finally {
        other.close();
      }
    } finally {
      one.close();
    }
  }

  private void moves(Agent one, Agent other) throws InterruptedException {
    var _ = one.startGuest(guest());
    Agent here = one;
    Agent there = other;
    try {
      for (String mode : MODES) {
        if (there.host().postCopy() || !NEEDS_POST_COPY.contains(mode)) {
          move(here, there.host().name(), mode);
          Agent before = here;
          here = there;
          there = before;
        }
      }
    } finally {
      var _ = here.stopGuest(GUEST, StopManner.FORCED);
    }
  }

  private static void move(Agent from, String to, String mode) throws InterruptedException {
    var _ = from.host();
    MigrationView view = from.migrate(MigrationRequest.of(GUEST, to).withMode(mode));
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (view.outcome().isEmpty() && System.nanoTime() < deadline) {
      Thread.sleep(20);
      view = from.migration(view.id());
    }
    if (!view.outcome().equals(Optional.of("completed"))) {
      throw Problem.migration("training", "A move of the training did not complete: " + view, "")
          .asException();
    }
  }

  private static GuestSpec guest() {
    return new GuestSpec(
        GUEST,
        Optional.empty(),
        "128M",
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(List.of()),
        Optional.empty(),
        Optional.empty());
  }

  private AgentConfiguration configuration(HostName name, int port, HostName peer, int peerPort)
      throws IOException {
    Path own = Files.createDirectories(folder.resolve(name.value()));
    AgentConfiguration.TlsFiles tls =
        new AgentConfiguration.TlsFiles(
            folder.resolve("ca.pem"), own.resolve("host.pem"), own.resolve("host.key"));
    authority
        .issue(Identity.host(name), List.of("127.0.0.1"), Duration.ofDays(1))
        .write(tls.certificate(), tls.key(), CertificateAuthority.Replacing.NOTHING);
    return new AgentConfiguration(
        name,
        new Endpoint("127.0.0.1", port),
        tls,
        Map.of(
            peer,
            new AgentConfiguration.Peer(
                new Endpoint("127.0.0.1", peerPort),
                AgentConfiguration.Permission.GRANTED,
                AgentConfiguration.Permission.GRANTED,
                AgentConfiguration.Permission.DENIED)),
        List.of(),
        Files.createDirectories(own.resolve("run")),
        Files.createDirectories(own.resolve("state")),
        new StoreConfiguration(
            own.resolve("store"),
            new StoreLimits(
                ByteSize.ofMebibytes(8), ByteSize.ofMebibytes(256), ByteSize.ofMebibytes(256))),
        "qemu-system-x86_64",
        Accelerator.AUTO,
        Duration.ofSeconds(5),
        Duration.ofSeconds(30),
        10,
        1,
        LogLevel.WARN,
        NetworkSettings.DEFAULT);
  }

  private static int[] freePorts() throws IOException {
    try (ServerSocket first = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ServerSocket second = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return new int[] {first.getLocalPort(), second.getLocalPort()};
    }
  }
}
