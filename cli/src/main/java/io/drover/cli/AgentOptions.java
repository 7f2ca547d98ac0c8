package io.drover.cli;

import io.drover.api.ApiClient;
import io.drover.api.Credentials;
import io.drover.model.Problem;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** Which agent is asked, and how the answer is shown; the same for every client verb. */
final class AgentOptions {
  private static final String IN_SCOPE_OF_PEM = "For an https agent: ";

  @Option(
      names = "--agent",
      paramLabel = "PATH|URL",
      scope = ScopeType.INHERIT,
      defaultValue = "${env:DROVER_AGENT:-/run/drover/agent.sock}",
      description = "The agent: its unix socket, or https://HOST:PORT. Default: ${DEFAULT-VALUE}")
  private String agent = "";

  @Option(
      names = "--authority",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      defaultValue = "${env:DROVER_AUTHORITY:-/etc/drover/ca.pem}",
      description = IN_SCOPE_OF_PEM + "the fleet's CA certificate. Default: ${DEFAULT-VALUE}")
  private String authority = "";

  @Option(
      names = "--certificate",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      defaultValue = "${env:DROVER_CERTIFICATE:-/etc/drover/operator.pem}",
      description = IN_SCOPE_OF_PEM + "your certificate. Default: ${DEFAULT-VALUE}")
  private String certificate = "";

  @Option(
      names = "--key",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      defaultValue = "${env:DROVER_KEY:-/etc/drover/operator.key}",
      description = IN_SCOPE_OF_PEM + "your private key. Default: ${DEFAULT-VALUE}")
  private String key = "";

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      description = "Print the answer as one JSON value.")
  private boolean json;

  boolean json() {
    return json;
  }

  ApiClient client() {
    if (!agent.contains("://")) {
      return ApiClient.local(Path.of(agent));
    }
    try {
      return ApiClient.remote(
          new URI(agent), new Credentials(Path.of(authority), Path.of(certificate), Path.of(key)));
    } catch (URISyntaxException e) {
      throw Problem.usage(
              "bad-agent-address",
              "'%s' is not an agent's address".formatted(agent),
              "Give the path of a unix socket, or https://HOST:PORT.")
          .asException(e);
    }
  }
}
