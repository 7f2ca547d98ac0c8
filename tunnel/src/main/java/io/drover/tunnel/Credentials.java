package io.drover.tunnel;

import io.drover.model.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This host's (or operator's) certificate, its key, and the authority it trusts, out of three PEM
 * files. Files that change are read again for the next connection; if what is there then cannot be
 * used, the old ones stay in use and the log says why. Safe for all threads.
 */
public final class Credentials {
  private static final Logger LOG = LoggerFactory.getLogger(Credentials.class);

  // AES-128 first: with the JDK's own TLS it is two to three times as fast as the others.
  private static final List<String> CIPHERS =
      List.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256");

  private final Path authority;
  private final Path certificate;
  private final Path key;
  private final ReentrantLock lock = new ReentrantLock();
  private List<FileTime> readAt;
  private Loaded loaded;

  private record Loaded(Identity identity, SSLContext context) {}

  private Credentials(Path authority, Path certificate, Path key) {
    this.authority = authority;
    this.certificate = certificate;
    this.key = key;
    readAt = times();
    loaded = read();
  }

  /**
   * Reads the three files.
   *
   * @throws io.drover.model.ProblemException naming the file that cannot be used
   */
  public static Credentials load(Path authority, Path certificate, Path key) {
    return new Credentials(authority, certificate, key);
  }

  /** Who the certificate says we are. */
  public Identity identity() {
    return current().identity();
  }

  SSLEngine serverEngine(List<String> applicationProtocols) {
    SSLEngine engine = engine(applicationProtocols);
    engine.setUseClientMode(false);
    engine.setNeedClientAuth(true);
    return engine;
  }

  SSLEngine clientEngine(List<String> applicationProtocols) {
    SSLEngine engine = engine(applicationProtocols);
    engine.setUseClientMode(true);
    return engine;
  }

  /** A context for whoever speaks HTTP over the port as an operator. */
  public SSLContext context() {
    return current().context();
  }

  private SSLEngine engine(List<String> applicationProtocols) {
    // Without a peer's address: no session is resumed, every connection proves itself anew.
    SSLEngine engine = current().context().createSSLEngine();
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(new String[] {"TLSv1.3"});
    parameters.setCipherSuites(CIPHERS.toArray(String[]::new));
    parameters.setApplicationProtocols(applicationProtocols.toArray(String[]::new));
    engine.setSSLParameters(parameters);
    return engine;
  }

  private Loaded current() {
    lock.lock();
    try {
      List<FileTime> now = times();
      if (!now.equals(readAt)) {
        readAt = now;
        loaded = read();
        LOG.info("read the changed certificate of {} from {}", loaded.identity(), certificate);
      }
    } catch (io.drover.model.ProblemException e) {
      LOG.warn("kept the certificates in use: {}", e.problem());
    } finally {
      lock.unlock();
    }
    return loaded;
  }

  private List<FileTime> times() {
    return List.of(time(authority), time(certificate), time(key));
  }

  private static FileTime time(Path file) {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException e) {
      return FileTime.fromMillis(0); // read() says what is wrong with it
    }
  }

  private Loaded read() {
    List<X509Certificate> chain = Pem.certificates(certificate);
    PrivateKey privateKey = Pem.privateKey(key);
    X509Certificate leaf = chain.getFirst();
    checkPair(certificate, leaf.getPublicKey(), privateKey);
    Identity identity =
        Identity.of(leaf)
            .orElseThrow(() -> Pem.unusable(certificate, "names no drover:// host or operator"));
    try {
      char[] noPassword = new char[0];
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(null, noPassword);
      keys.setKeyEntry("own", privateKey, noPassword, chain.toArray(X509Certificate[]::new));
      KeyManagerFactory keyManagers = KeyManagerFactory.getInstance("PKIX");
      keyManagers.init(keys, noPassword);
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, noPassword);
      for (X509Certificate root : Pem.certificates(authority)) {
        if (root.getBasicConstraints() < 0) {
          throw Pem.unusable(authority, "is not the certificate of an authority");
        }
        trusted.setCertificateEntry("authority-" + trusted.size(), root);
      }
      TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(trusted);
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(keyManagers.getKeyManagers(), trust.getTrustManagers(), null);
      return new Loaded(identity, context);
    } catch (GeneralSecurityException | IOException e) {
      throw Problem.usage(
              "bad-certificate",
              "%s, %s and %s do not make a TLS identity: %s"
                  .formatted(certificate, key, authority, e.getMessage()),
              "Issue them again: 'drover ca issue'.")
          .asException(e);
    }
  }

  static void checkPair(Path file, PublicKey publicKey, PrivateKey key) {
    if (!CertificateAuthority.pair(publicKey, key)) {
      throw Problem.usage(
              "bad-key",
              "The private key does not belong to the certificate in %s".formatted(file),
              "Give the key that was made together with it.")
          .asException();
    }
  }
}
