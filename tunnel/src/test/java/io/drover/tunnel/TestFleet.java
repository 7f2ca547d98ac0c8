package io.drover.tunnel;

import io.drover.model.HostName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.Security;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/** An authority and certificates in a folder of their own. */
final class TestFleet {
  static {
    // New keys every 32 MiB instead of every 128 GiB, so that transfers in tests meet them.
    if (!Boolean.getBoolean("drover.test.defaultKeyLimits")) {
      Security.setProperty("jdk.tls.keyLimits", "AES/GCM/NoPadding KeyUpdate 2^25");
    }
  }

  final Path folder;
  final CertificateAuthority authority;

  TestFleet(Path folder) {
    this(folder, Clock.systemUTC());
  }

  TestFleet(Path folder, Clock clock) {
    this.folder = folder;
    authority =
        CertificateAuthority.init(
            folder, CertificateAuthority.Replacing.NOTHING, clock, new SecureRandom());
  }

  static TestFleet temporary() throws IOException {
    return new TestFleet(Files.createTempDirectory("drover-fleet"));
  }

  Credentials host(String name) {
    return credentials(Identity.host(new HostName(name)), folder.resolve("ca.pem"));
  }

  Credentials operator(String name) {
    return credentials(Identity.operator(name), folder.resolve("ca.pem"));
  }

  /** A certificate of this fleet for somebody who trusts {@code trusted}. */
  Credentials credentials(Identity identity, Path trusted) {
    Path certificate = folder.resolve(identity.role().word() + "-" + identity.name() + ".pem");
    Path key = folder.resolve(identity.role().word() + "-" + identity.name() + ".key");
    authority
        .issue(identity, List.of("127.0.0.1"), Duration.ofDays(30))
        .write(certificate, key, CertificateAuthority.Replacing.WHAT_IS_THERE);
    return Credentials.load(trusted, certificate, key);
  }
}
