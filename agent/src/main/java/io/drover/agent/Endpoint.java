package io.drover.agent;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a host listens; the host may be a name, an IPv4 address, or an IPv6 address without
 * brackets.
 */
record Endpoint(String host, int port) {
  static final int DEFAULT_PORT = 7717;
  private static final Pattern FORM =
      Pattern.compile("(?:\\[([0-9A-Fa-f:.%a-z]+)]|([^\\[\\]:\\s]+))(?::([0-9]{1,5}))?");

  Endpoint {
    if (host.isEmpty() || port < 1 || port > 65_535) {
      throw new IllegalArgumentException("no endpoint: '%s' port %d".formatted(host, port));
    }
  }

  /** Reads {@code host}, {@code host:port} or {@code [v6]:port}. */
  static Optional<Endpoint> parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String host = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
    int port = matcher.group(3) == null ? DEFAULT_PORT : Integer.parseInt(matcher.group(3));
    return port >= 1 && port <= 65_535 ? Optional.of(new Endpoint(host, port)) : Optional.empty();
  }

  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
