package io.drover.api;

import io.drover.model.Problem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * An operator's PEM files.
 *
 * @param authority the fleet's CA certificate; nothing else is trusted
 * @param certificate the operator's certificate, its chain behind it if there is one
 * @param key the operator's private key, PKCS #8 without a pass phrase
 */
public record Credentials(Path authority, Path certificate, Path key) {
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

  SSLContext context() {
    try {
      char[] none = new char[0];
      KeyStore own = KeyStore.getInstance("PKCS12");
      own.load(null, none);
      own.setKeyEntry(
          "operator", privateKey(), none, certificates(certificate).toArray(Certificate[]::new));
      KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(own, none);
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, none);
      int count = 0;
      for (Certificate each : certificates(authority)) {
        trusted.setCertificateEntry("authority-" + count++, each);
      }
      TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(trusted);
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw Problem.usage(
              "bad-credentials",
              "The key in %s and the certificate in %s cannot be used: %s"
                  .formatted(key, certificate, e.getMessage()),
              "Make a pair with 'drover ca issue --operator NAME'.")
          .asException(e);
    }
  }

  private static Collection<X509Certificate> certificates(Path file) {
    try {
      Collection<? extends Certificate> found =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(
                  new ByteArrayInputStream(read(file).getBytes(StandardCharsets.US_ASCII)));
      if (found.isEmpty()) {
        throw unusable(file, "a PEM certificate").asException();
      }
      return found.stream().map(X509Certificate.class::cast).toList();
    } catch (GeneralSecurityException e) {
      throw unusable(file, "a PEM certificate").asException(e);
    }
  }

  private PrivateKey privateKey() throws GeneralSecurityException {
    Matcher matcher = KEY.matcher(read(key));
    if (matcher.find()) {
      byte[] encoded = Base64.getMimeDecoder().decode(matcher.group(1));
      for (String algorithm : new String[] {"EC", "Ed25519", "RSA"}) {
        try {
          return KeyFactory.getInstance(algorithm)
              .generatePrivate(new PKCS8EncodedKeySpec(encoded));
        } catch (InvalidKeySpecException otherAlgorithm) {
          // The encoding names its algorithm, but only the right factory reads it.
        }
      }
    }
    throw unusable(key, "a PKCS #8 private key without a pass phrase").asException();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.US_ASCII);
    } catch (NoSuchFileException e) {
      throw Problem.usage(
              "no-credentials",
              "The file %s does not exist".formatted(file),
              "Make it with 'drover ca issue --operator NAME', or name another with --authority,"
                  + " --certificate and --key.")
          .asException(e);
    } catch (IOException e) {
      throw unusable(file, "a PEM file").asException(e);
    }
  }

  private static Problem unusable(Path file, String wanted) {
    return Problem.usage(
        "bad-credentials",
        "The file %s cannot be read as %s".formatted(file, wanted),
        "Make a new one with 'drover ca issue --operator NAME'.");
  }
}
