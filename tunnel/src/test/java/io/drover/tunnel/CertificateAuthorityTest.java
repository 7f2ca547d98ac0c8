package io.drover.tunnel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.HostName;
import io.drover.model.ProblemException;
import io.drover.tunnel.CertificateAuthority.Issued;
import io.drover.tunnel.CertificateAuthority.Replacing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateAuthorityTest {
  private static final Identity BETA = Identity.host(new HostName("beta"));
  @TempDir Path folder;
  private CertificateAuthority authority;

  @BeforeEach
  void makeAuthority() {
    authority = init(Replacing.NOTHING);
  }

  private CertificateAuthority init(Replacing replacing) {
    return CertificateAuthority.init(folder, replacing, Clock.systemUTC(), new SecureRandom());
  }

  private Issued issue(Identity identity, String... addresses) {
    return authority.issue(identity, List.of(addresses), CertificateAuthority.DEFAULT_VALIDITY);
  }

  @Test
  void theIdentityIsReadBackFromTheCertificate() {
    assertThat(Identity.of(issue(BETA).certificate())).contains(BETA);
    Identity alice = Identity.operator("alice");
    assertThat(Identity.of(issue(alice).certificate())).contains(alice);
    assertThat(Identity.of(authority.certificate())).isEmpty();
  }

  @Test
  void theNamesAndAddressesStandInTheCertificate() throws Exception {
    X509Certificate certificate =
        issue(BETA, "198.51.100.2", "2001:db8::2", "beta.example.org").certificate();
    assertThat(certificate.getSubjectAlternativeNames().stream().map(n -> n.get(1).toString()))
        .containsExactly(
            "drover://host/beta",
            "beta",
            "198.51.100.2",
            "2001:db8:0:0:0:0:0:2",
            "beta.example.org");
    assertThat(certificate.getExtendedKeyUsage())
        .containsExactly("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
    assertThat(certificate.getBasicConstraints()).isEqualTo(-1);
    assertThat(certificate.getSigAlgName()).isEqualTo("SHA256withECDSA");
  }

  @Test
  void addressesThatAreNoneAreRefused() {
    for (String bad : List.of("999.1.1.1", "a b", "::zz", "-x", "host/path", "")) {
      assertProblem(() -> issue(BETA, bad), "bad-address");
    }
  }

  @Test
  void keysAreForTheOwnerOnlyAndNothingIsWrittenOver() throws IOException {
    Issued issued = issue(BETA);
    Path certificate = folder.resolve("beta.pem");
    Path key = folder.resolve("beta.key");
    issued.write(certificate, key, Replacing.NOTHING);
    for (Path secret : List.of(key, folder.resolve("ca.key"))) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(secret)))
          .isEqualTo("rw-------");
    }
    byte[] before = Files.readAllBytes(key);
    assertProblem(() -> issue(BETA).write(certificate, key, Replacing.NOTHING), "file-exists");
    assertProblem(() -> init(Replacing.NOTHING), "file-exists");
    Files.delete(certificate);
    assertProblem(() -> issue(BETA).write(certificate, key, Replacing.NOTHING), "file-exists");
    assertThat(Files.readAllBytes(key)).isEqualTo(before);
    assertThat(certificate).doesNotExist();
    issue(BETA).write(certificate, key, Replacing.WHAT_IS_THERE);
    assertThat(Files.readAllBytes(key)).isNotEqualTo(before);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("ca.pem", "ca.key", "beta.pem", "beta.key");
    }
  }

  @Test
  void anAuthorityIsLoadedAgainAndIssuesOn() {
    CertificateAuthority again =
        CertificateAuthority.load(folder, Clock.systemUTC(), new SecureRandom());
    Issued issued = again.issue(BETA, List.of(), Duration.ofDays(1));
    Path certificate = folder.resolve("beta.pem");
    Path key = folder.resolve("beta.key");
    issued.write(certificate, key, Replacing.NOTHING);
    assertThat(Credentials.load(folder.resolve("ca.pem"), certificate, key).identity())
        .isEqualTo(BETA);
  }

  @Test
  void aCertificateDoesNotOutliveItsAuthority() {
    assertProblem(() -> authority.issue(BETA, List.of(), Duration.ofDays(4000)), "bad-validity");
  }

  @Test
  void filesThatCannotBeUsedAreNamed() throws IOException {
    Path certificate = folder.resolve("beta.pem");
    Path key = folder.resolve("beta.key");
    issue(BETA).write(certificate, key, Replacing.NOTHING);
    Path authorityFile = folder.resolve("ca.pem");
    Path nonsense = Files.writeString(folder.resolve("nonsense"), "nonsense");
    Path missing = folder.resolve("missing");
    assertProblem(() -> Credentials.load(missing, certificate, key), "no-such-file");
    assertProblem(() -> Credentials.load(authorityFile, nonsense, key), "bad-pem");
    assertProblem(() -> Credentials.load(authorityFile, certificate, nonsense), "bad-pem");
    assertProblem(() -> Credentials.load(nonsense, certificate, key), "bad-pem");
    assertProblem(
        () -> Credentials.load(authorityFile, certificate, folder.resolve("ca.key")), "bad-key");
    assertProblem(() -> Credentials.load(certificate, certificate, key), "bad-certificate");
    assertProblem(
        () -> Credentials.load(authorityFile, authorityFile, folder.resolve("ca.key")),
        "bad-certificate");
    Path sec1 =
        Files.writeString(
            folder.resolve("sec1"),
            "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n");
    assertThatThrownBy(() -> Credentials.load(authorityFile, certificate, sec1))
        .hasMessageContaining("openssl pkcs8");
  }

  @Test
  void namesThatCouldBeMisreadAreNoIdentities() {
    for (String bad : List.of("", "Beta", "a/b", "beta.", "a".repeat(41), "-a")) {
      assertThatThrownBy(() -> Identity.operator(bad)).isInstanceOf(ProblemException.class);
    }
  }

  @Test
  void opensslAcceptsWhatWasIssued() throws Exception {
    Path openssl = Path.of("/usr/bin/openssl");
    if (!"true".equals(System.getenv("CI"))) { // there it has to be installed
      Assumptions.assumeTrue(Files.isExecutable(openssl), "openssl is installed");
    }
    Path layout = folder.resolve("qemu");
    CertificateAuthority.writeForQemu(
        layout, authority.certificate(), issue(BETA, "198.51.100.2"), Replacing.NOTHING);
    for (String side : List.of("server", "client")) {
      Process process =
          new ProcessBuilder(
                  openssl.toString(),
                  "verify",
                  "-x509_strict",
                  "-purpose",
                  "ssl" + side,
                  "-CAfile",
                  layout.resolve("ca-cert.pem").toString(),
                  layout.resolve(side + "-cert.pem").toString())
              .redirectErrorStream(true)
              .start();
      String said =
          new String(
              process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(said).isZero();
      assertThat(layout.resolve(side + "-key.pem")).exists();
    }
    Process text =
        new ProcessBuilder(
                openssl.toString(),
                "pkey",
                "-in",
                layout.resolve("server-key.pem").toString(),
                "-text",
                "-noout")
            .redirectErrorStream(true)
            .start();
    assertThat(
            new String(
                text.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8))
        .contains("NIST CURVE: P-256");
  }

  private static void assertProblem(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String code) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ProblemException.class, e -> assertThat(e.problem().code()).isEqualTo(code));
  }
}
