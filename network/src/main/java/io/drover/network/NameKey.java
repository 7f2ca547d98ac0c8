package io.drover.network;

import io.drover.model.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.xbill.DNS.TSIG;
import org.xbill.DNS.utils.base64;

/** A key that signs updates of names, as {@code tsig-keygen} writes it. */
final class NameKey {
  private static final long MAX_BYTES = 64 << 10;
  private static final Pattern KEY =
      Pattern.compile("key\\s+\"?([A-Za-z0-9._-]{1,253})\"?\\s*\\{(.*?)\\}\\s*;", Pattern.DOTALL);
  private static final Pattern ALGORITHM = Pattern.compile("algorithm\\s+\"?([a-z0-9-]+)\"?\\s*;");
  private static final Pattern SECRET =
      Pattern.compile("secret\\s+\"([A-Za-z0-9+/=]{1,1024})\"\\s*;");

  private NameKey() {}

  /** Reads it anew each time, so that a key can be replaced without a restart. */
  static TSIG read(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IOException("it is too long");
      }
      return parse(Files.readString(file))
          .orElseThrow(() -> new IOException("there is no key in it"));
    } catch (IOException e) {
      throw Problem.host(
              "dns-key",
              "The DNS key file %s cannot be read: %s".formatted(file, e.getMessage()),
              "Make one with 'tsig-keygen NAME', readable for the agent alone.")
          .asException(e);
    }
  }

  static Optional<TSIG> parse(String text) {
    Matcher key = KEY.matcher(text);
    if (!key.find()) {
      return Optional.empty();
    }
    Matcher algorithm = ALGORITHM.matcher(key.group(2).toLowerCase(Locale.ROOT));
    Matcher secret = SECRET.matcher(key.group(2));
    if (!algorithm.find() || !secret.find() || base64.fromString(secret.group(1)) == null) {
      return Optional.empty();
    }
    return switch (algorithm.group(1)) {
      case "hmac-sha256" -> Optional.of(new TSIG(TSIG.HMAC_SHA256, key.group(1), secret.group(1)));
      case "hmac-sha384" -> Optional.of(new TSIG(TSIG.HMAC_SHA384, key.group(1), secret.group(1)));
      case "hmac-sha512" -> Optional.of(new TSIG(TSIG.HMAC_SHA512, key.group(1), secret.group(1)));
      // MD5 and SHA-1 are not for new keys.
      default -> Optional.empty();
    };
  }
}
