package io.drover.microbench;

import io.drover.model.HostName;
import io.drover.tunnel.CertificateAuthority;
import io.drover.tunnel.Credentials;
import io.drover.tunnel.Identity;
import io.drover.tunnel.TunnelWarmup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The data path of a migration without its hypervisors: two relays with TLS 1.3 between them, unix
 * sockets at both ends, all in this process. It is the very transfer with which an agent warms up.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 3)
@Measurement(iterations = 5, time = 3)
public class RelayBenchmark {
  private final Path folder = folder();
  private final Credentials own = credentials(folder);

  private static Path folder() {
    try {
      return Files.createTempDirectory("drover-microbench");
    } catch (IOException failure) {
      throw new java.io.UncheckedIOException(failure);
    }
  }

  private static Credentials credentials(Path folder) {
    Path certificate = folder.resolve("host.pem");
    Path key = folder.resolve("host.key");
    CertificateAuthority.init(
            folder, CertificateAuthority.Replacing.NOTHING, Clock.systemUTC(), new SecureRandom())
        .issue(Identity.host(new HostName("alpha")), List.of("127.0.0.1"), Duration.ofDays(1))
        .write(certificate, key, CertificateAuthority.Replacing.NOTHING);
    return Credentials.load(folder.resolve("ca.pem"), certificate, key);
  }

  @Setup
  public void warmUp() throws IOException {
    relay();
  }

  /** MiB a second, handshake included. */
  @Benchmark
  @OperationsPerInvocation(TunnelWarmup.MEBIBYTES)
  public void relay() throws IOException {
    TunnelWarmup.run(own, folder);
  }

  @TearDown
  public void removeFolder() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
