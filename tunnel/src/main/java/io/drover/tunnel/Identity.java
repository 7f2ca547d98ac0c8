package io.drover.tunnel;

import io.drover.model.HostName;
import io.drover.model.Problem;
import java.net.URI;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Who a certificate is of, as its one {@code drover://} URI says. Only the fleet's authority can
 * write that URI, so the name needs no look-up.
 */
public record Identity(Role role, String name) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?");
  private static final int SAN_URI = 6; // GeneralName's tag, RFC 5280

  /** What the holder of a certificate is. */
  public enum Role {
    HOST,
    OPERATOR;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public Identity {
    if (!NAME.matcher(name).matches()) {
      throw Problem.usage(
              "bad-name",
              "'%s' is not a name of %s".formatted(name, role.word()),
              "Use 1 to 40 lower-case letters, digits and inner hyphens.")
          .asException();
    }
  }

  public static Identity host(HostName host) {
    return new Identity(Role.HOST, host.value());
  }

  public static Identity operator(String name) {
    return new Identity(Role.OPERATOR, name);
  }

  /** The identity in a certificate; empty if it has none, or more than one. */
  public static Optional<Identity> of(X509Certificate certificate) {
    List<Identity> found = new ArrayList<>();
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      for (List<?> name : names == null ? List.<List<?>>of() : names) {
        if (name.get(0).equals(SAN_URI) && name.get(1) instanceof String uri) {
          if (uri.startsWith("drover:")) {
            found.add(parse(uri).orElseThrow(() -> new IllegalArgumentException(uri)));
          }
        }
      }
    } catch (CertificateParsingException | IllegalArgumentException e) {
      return Optional.empty();
    }
    return found.size() == 1 ? Optional.of(found.getFirst()) : Optional.empty();
  }

  private static Optional<Identity> parse(String uri) {
    for (Role role : Role.values()) {
      String prefix = "drover://" + role.word() + "/";
      String name = uri.startsWith(prefix) ? uri.substring(prefix.length()) : "";
      if (NAME.matcher(name).matches()) {
        return Optional.of(new Identity(role, name));
      }
    }
    return Optional.empty();
  }

  public URI uri() {
    return URI.create("drover://" + role.word() + "/" + name);
  }

  @Override
  public String toString() {
    return role.word() + " " + name;
  }
}
