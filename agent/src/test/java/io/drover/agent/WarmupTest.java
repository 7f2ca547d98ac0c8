package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.HostName;
import io.drover.tunnel.CertificateAuthority;
import io.drover.tunnel.Credentials;
import io.drover.tunnel.Identity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WarmupTest {
  @TempDir Path folder;

  /** It fails by itself if what arrives is not what was sent. */
  @Test
  void practisesAndLeavesNothingBehind() throws Exception {
    Path run = Files.createDirectory(folder.resolve("run"));
    Warmup.run(alpha(), run);
    try (Stream<Path> files = Files.list(run)) {
      assertThat(files).isEmpty();
    }
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().contains("warmup"));
  }

  private Credentials alpha() {
    CertificateAuthority authority =
        CertificateAuthority.init(
            folder, CertificateAuthority.Replacing.NOTHING, Clock.systemUTC(), new SecureRandom());
    Path certificate = folder.resolve("alpha.pem");
    Path key = folder.resolve("alpha.key");
    authority
        .issue(
            Identity.host(new HostName("alpha")),
            List.of("127.0.0.1"),
            CertificateAuthority.DEFAULT_VALIDITY)
        .write(certificate, key, CertificateAuthority.Replacing.NOTHING);
    return Credentials.load(folder.resolve("ca.pem"), certificate, key);
  }
}
