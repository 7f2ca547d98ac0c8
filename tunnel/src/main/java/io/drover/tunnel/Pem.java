package io.drover.tunnel;

import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates and private keys in PEM files, with the JDK's own means. */
final class Pem {
  private static final int MAX_FILE_BYTES = 1 << 20;
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN ([A-Z ]*)PRIVATE KEY-----([^-]*)-----END \\1PRIVATE KEY-----");

  private Pem() {}

  static String encode(String type, byte[] der) {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(type, body, type);
  }

  /** All certificates of a file, in order; at least one. */
  static List<X509Certificate> certificates(Path file) {
    byte[] bytes = read(file);
    try {
      List<X509Certificate> certificates = new ArrayList<>();
      for (Certificate certificate :
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(bytes))) {
        certificates.add((X509Certificate) certificate);
      }
      if (!certificates.isEmpty()) {
        return certificates;
      }
    } catch (CertificateException e) {
      throw bad(file, "a certificate", String.valueOf(e.getMessage())).asException(e);
    }
    throw bad(file, "a certificate", "there is none in it").asException();
  }

  static PrivateKey privateKey(Path file) {
    Matcher matcher = KEY.matcher(new String(read(file), StandardCharsets.ISO_8859_1));
    if (!matcher.find()) {
      throw bad(file, "a private key", "there is none in it").asException();
    }
    if (!matcher.group(1).isEmpty()) {
      throw Problem.usage(
              "bad-key",
              "%s holds a '%sPRIVATE KEY'".formatted(file, matcher.group(1)),
              "Convert it with 'openssl pkcs8 -topk8 -nocrypt'; Drover reads plain PKCS#8.")
          .asException();
    }
    GeneralSecurityException last = new GeneralSecurityException("neither EC nor RSA");
    try {
      byte[] der = Base64.getMimeDecoder().decode(matcher.group(2));
      for (String algorithm : List.of("EC", "RSA")) {
        try {
          return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
        } catch (GeneralSecurityException e) {
          last = e;
        }
      }
    } catch (IllegalArgumentException e) {
      throw bad(file, "a private key", "not Base64").asException();
    }
    throw bad(file, "a private key", "neither EC nor RSA in PKCS#8").asException(last);
  }

  private static byte[] read(Path file) {
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw bad(file, "a PEM file", "it is larger than 1 MiB").asException();
      }
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw Problem.usage(
              "no-such-file",
              "%s does not exist".formatted(file),
              "Make certificates with 'drover ca init' and 'drover ca issue'.")
          .asException(e);
    } catch (IOException e) {
      throw Problem.host(
              "cannot-read",
              "%s cannot be read: %s".formatted(file, e),
              "Check its owner and mode.")
          .asException(e);
    }
  }

  private static Problem bad(Path file, String what, String why) {
    return Problem.usage(
        "bad-pem",
        "%s is not %s in PEM form: %s".formatted(file, what, why),
        "Give a file that 'drover ca issue' or your own authority wrote.");
  }

  static ProblemException unusable(Path file, String why) {
    return Problem.usage(
            "bad-certificate", "%s %s".formatted(file, why), "Issue it again: 'drover ca issue'.")
        .asException();
  }
}
