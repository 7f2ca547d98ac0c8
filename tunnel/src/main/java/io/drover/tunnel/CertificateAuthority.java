package io.drover.tunnel;

import io.drover.model.Problem;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * The fleet's certificate authority: a folder with {@code ca.pem} and {@code ca.key}.
 *
 * <p>Keys are EC P-256 and signed with ECDSA and SHA-256. A leaf is good for both ends of a
 * connection, since every host both calls and answers.
 */
public final class CertificateAuthority {
  /** How long an authority is valid. */
  public static final Duration AUTHORITY_VALIDITY = Duration.ofDays(3653);

  /** How long what it issues is valid when nobody says otherwise. */
  public static final Duration DEFAULT_VALIDITY = Duration.ofDays(397);

  // Hosts whose clocks are a little behind must not refuse a fresh certificate.
  private static final Duration BACKDATED = Duration.ofMinutes(10);
  private static final String SIGNATURE = "SHA256withECDSA";
  private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
  private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");
  private static final Pattern DNS =
      Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9-]+)*");

  private final X509Certificate certificate;
  private final PrivateKey key;
  private final Clock clock;
  private final SecureRandom random;

  private CertificateAuthority(
      X509Certificate certificate, PrivateKey key, Clock clock, SecureRandom random) {
    this.certificate = certificate;
    this.key = key;
    this.clock = clock;
    this.random = random;
  }

  /** Whether files that exist may be written over. */
  public enum Replacing {
    NOTHING,
    WHAT_IS_THERE;

    private SecretFiles.Existing existing() {
      return this == NOTHING ? SecretFiles.Existing.KEEP : SecretFiles.Existing.REPLACE;
    }
  }

  /** A certificate and its key. */
  public record Issued(X509Certificate certificate, PrivateKey key) {
    private static final int KEY_BITS = 256;

    public String certificatePem() {
      return pem(certificate);
    }

    String keyPem() {
      try {
        return Pem.encode("PRIVATE KEY", withPublicKey());
      } catch (IOException e) {
        throw new IllegalStateException("cannot encode a key", e);
      }
    }

    /** Java leaves the public half out, and GnuTLS (QEMU's own TLS) cannot read that. */
    private byte[] withPublicKey() throws IOException {
      PrivateKeyInfo plain = PrivateKeyInfo.getInstance(key.getEncoded());
      ECPrivateKey curve = ECPrivateKey.getInstance(plain.parsePrivateKey());
      SubjectPublicKeyInfo open =
          SubjectPublicKeyInfo.getInstance(certificate.getPublicKey().getEncoded());
      return new PrivateKeyInfo(
              plain.getPrivateKeyAlgorithm(),
              new ECPrivateKey(
                  KEY_BITS,
                  curve.getKey(),
                  open.getPublicKeyData(),
                  plain.getPrivateKeyAlgorithm().getParameters()))
          .getEncoded();
    }

    /** Writes both; the key with mode 0600, and first, so that no certificate lacks its key. */
    public void write(Path certificateFile, Path keyFile, Replacing replacing) {
      SecretFiles.refuseExisting(certificateFile, replacing.existing());
      SecretFiles.write(keyFile, keyPem(), SecretFiles.PRIVATE, replacing.existing());
      SecretFiles.write(
          certificateFile, certificatePem(), SecretFiles.PUBLIC, replacing.existing());
    }

    @Override
    public String toString() {
      return "certificate of " + certificate.getSubjectX500Principal();
    }
  }

  /** Makes a new authority in {@code folder}. */
  public static CertificateAuthority init(
      Path folder, Replacing replacing, Clock clock, SecureRandom random) {
    KeyPair pair = newKeyPair(random);
    X500Name name = new X500Name("CN=Drover fleet authority");
    Instant now = clock.instant();
    try {
      JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
                  name,
                  serial(random),
                  Date.from(now.minus(BACKDATED)),
                  Date.from(now.plus(AUTHORITY_VALIDITY)),
                  name,
                  pair.getPublic())
              .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
              .addExtension(
                  Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
              .addExtension(
                  Extension.subjectKeyIdentifier,
                  false,
                  extensions.createSubjectKeyIdentifier(pair.getPublic()));
      X509Certificate certificate = sign(builder, pair.getPrivate());
      new Issued(certificate, pair.getPrivate())
          .write(folder.resolve("ca.pem"), folder.resolve("ca.key"), replacing);
      return new CertificateAuthority(certificate, pair.getPrivate(), clock, random);
    } catch (IOException | GeneralSecurityException | OperatorCreationException e) {
      throw new IllegalStateException("cannot make an authority", e);
    }
  }

  /** The authority that {@link #init} made in {@code folder}. */
  public static CertificateAuthority load(Path folder, Clock clock, SecureRandom random) {
    Path file = folder.resolve("ca.pem");
    X509Certificate certificate = Pem.certificates(file).getFirst();
    if (certificate.getBasicConstraints() < 0) {
      throw Pem.unusable(file, "is not the certificate of an authority");
    }
    PrivateKey key = Pem.privateKey(folder.resolve("ca.key"));
    Credentials.checkPair(file, certificate.getPublicKey(), key);
    return new CertificateAuthority(certificate, key, clock, random);
  }

  public X509Certificate certificate() {
    return certificate;
  }

  public String certificatePem() {
    return pem(certificate);
  }

  /**
   * Issues a certificate for {@code identity}.
   *
   * @param addresses more DNS names and IP addresses for it, besides its own name
   */
  public Issued issue(Identity identity, List<String> addresses, Duration validity) {
    List<GeneralName> names = new ArrayList<>();
    names.add(new GeneralName(GeneralName.uniformResourceIdentifier, identity.uri().toString()));
    names.add(new GeneralName(GeneralName.dNSName, identity.name()));
    addresses.forEach(address -> names.add(generalName(address)));
    Instant now = clock.instant();
    Instant end = now.plus(validity);
    if (validity.isNegative() || end.isAfter(certificate.getNotAfter().toInstant())) {
      throw Problem.usage(
              "bad-validity",
              "A certificate valid for %d days would outlive its authority, which ends on %s"
                  .formatted(validity.toDays(), certificate.getNotAfter().toInstant()),
              "Choose fewer days, or make a new authority with 'drover ca init'.")
          .asException();
    }
    return issue(
        new X500Name("CN=" + identity.name() + ",OU=" + identity.role().word()),
        names,
        now.minus(BACKDATED),
        end);
  }

  Issued issue(X500Name subject, List<GeneralName> names, Instant from, Instant until) {
    KeyPair pair = newKeyPair(random);
    try {
      JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
                  X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded()),
                  serial(random),
                  Date.from(from),
                  Date.from(until),
                  subject,
                  pair.getPublic())
              .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
              // TLS 1.3 needs only the first; QEMU's own TLS refuses a certificate without the
              // second.
              .addExtension(
                  Extension.keyUsage,
                  true,
                  new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyEncipherment))
              .addExtension(
                  Extension.extendedKeyUsage,
                  false,
                  new ExtendedKeyUsage(
                      new KeyPurposeId[] {
                        KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth
                      }))
              .addExtension(
                  Extension.subjectAlternativeName,
                  false,
                  new GeneralNames(names.toArray(GeneralName[]::new)))
              .addExtension(
                  Extension.subjectKeyIdentifier,
                  false,
                  extensions.createSubjectKeyIdentifier(pair.getPublic()))
              .addExtension(
                  Extension.authorityKeyIdentifier,
                  false,
                  extensions.createAuthorityKeyIdentifier(certificate));
      return new Issued(sign(builder, key), pair.getPrivate());
    } catch (IOException | GeneralSecurityException | OperatorCreationException e) {
      throw new IllegalStateException("cannot issue a certificate", e);
    }
  }

  /**
   * Lays {@code folder} out as QEMU's {@code tls-creds-x509} object reads it, for both ends, so
   * that QEMU's own TLS can be used and compared with.
   */
  public static void writeForQemu(
      Path folder, X509Certificate authority, Issued issued, Replacing replacing) {
    SecretFiles.Existing existing = replacing.existing();
    SecretFiles.write(folder.resolve("ca-cert.pem"), pem(authority), SecretFiles.PUBLIC, existing);
    for (String side : List.of("server", "client")) {
      issued.write(
          folder.resolve(side + "-cert.pem"), folder.resolve(side + "-key.pem"), replacing);
    }
  }

  private static GeneralName generalName(String address) {
    if (IPV4.matcher(address).matches() || IPV6.matcher(address).matches()) {
      try {
        return new GeneralName(GeneralName.iPAddress, address);
      } catch (IllegalArgumentException e) {
        throw badAddress(address).asException(e);
      }
    }
    if (!DNS.matcher(address).matches() || address.length() > 253) {
      throw badAddress(address).asException();
    }
    return new GeneralName(GeneralName.dNSName, address.toLowerCase(Locale.ROOT));
  }

  private static Problem badAddress(String address) {
    return Problem.usage(
        "bad-address",
        "'%s' is neither a DNS name nor an IP address".formatted(address),
        "Give for example 192.0.2.1 or host.example.org.");
  }

  private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key)
      throws OperatorCreationException, GeneralSecurityException {
    return new JcaX509CertificateConverter()
        .getCertificate(builder.build(new JcaContentSignerBuilder(SIGNATURE).build(key)));
  }

  private static KeyPair newKeyPair(SecureRandom random) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK has no EC P-256 keys", e);
    }
  }

  private static BigInteger serial(SecureRandom random) {
    return new BigInteger(127, random).setBit(126);
  }

  private static String pem(X509Certificate certificate) {
    try {
      return Pem.encode("CERTIFICATE", certificate.getEncoded());
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a certificate without an encoding", e);
    }
  }

  /** Whether {@code key} is the private half of {@code publicKey}. */
  static boolean pair(PublicKey publicKey, PrivateKey key) {
    try {
      String algorithm = key.getAlgorithm().equals("EC") ? SIGNATURE : "SHA256withRSA";
      java.security.Signature signature = java.security.Signature.getInstance(algorithm);
      byte[] message = {1, 2, 3};
      signature.initSign(key);
      signature.update(message);
      byte[] signed = signature.sign();
      signature.initVerify(publicKey);
      signature.update(message);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }
}
