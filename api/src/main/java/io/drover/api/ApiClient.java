package io.drover.api;

import io.drover.model.Problem;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Asks an agent, over its unix socket or its TLS port. Safe for use by several threads; every call
 * takes a connection of its own, blocks, and throws a {@link io.drover.model.ProblemException} with
 * the agent's own problem, or one that says why the agent could not be asked.
 */
public final class ApiClient {
  public static final Path DEFAULT_SOCKET = Path.of("/run/drover/agent.sock");
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final byte[] NOTHING = {};

  private final ClientConnection.Factory agent;

  private ApiClient(ClientConnection.Factory agent) {
    this.agent = agent;
  }

  /** The agent that listens on a unix socket of this machine. */
  public static ApiClient local(Path socket) {
    return new ApiClient(new UnixConnection.At(socket, PATIENCE));
  }

  /** The agent at {@code https://host:port}. */
  public static ApiClient remote(URI address, Credentials credentials) {
    if (!"https".equals(address.getScheme())
        || address.getHost() == null
        || address.getPort() < 1
        || !List.of("", "/").contains(address.getPath())) {
      throw Problem.usage(
              "bad-agent-address",
              "'%s' is not an agent's address".formatted(address),
              "Give the path of a unix socket, or https://HOST:PORT.")
          .asException();
    }
    String host = address.getHost().replaceAll("[\\[\\]]", "");
    return new ApiClient(
        new TlsConnection.At(
            host, address.getPort(), credentials.context().getSocketFactory(), PATIENCE));
  }

  public HostView host() {
    return get("/v1/host", HostView.class);
  }

  public List<GuestView> guests() {
    return Json.readViews(call("GET", "/v1/guests", NOTHING), GuestView.class);
  }

  public GuestView guest(String name) {
    return get("/v1/guests/" + segment(name), GuestView.class);
  }

  public GuestView startGuest(GuestSpec spec) {
    return Json.readView(call("POST", "/v1/guests", Json.writeBytes(spec)), GuestView.class);
  }

  /** Stops the guest as {@code how} says; its last state is answered. */
  public GuestView stopGuest(String name, StopManner how) {
    String query = how == StopManner.FORCED ? "?force=true" : "";
    return Json.readView(
        call("DELETE", "/v1/guests/" + segment(name) + query, NOTHING), GuestView.class);
  }

  public GuestView pauseGuest(String name) {
    return Json.readView(
        call("POST", "/v1/guests/" + segment(name) + "/pause", NOTHING), GuestView.class);
  }

  public GuestView resumeGuest(String name) {
    return Json.readView(
        call("POST", "/v1/guests/" + segment(name) + "/resume", NOTHING), GuestView.class);
  }

  /** What would happen; nothing does. */
  public CheckReport check(MigrationRequest request) {
    return Json.readView(
        call("POST", "/v1/migrations", Json.writeBytes(request.asDryRun())), CheckReport.class);
  }

  /** Starts a migration and answers its first state at once. */
  public MigrationView migrate(MigrationRequest request) {
    return Json.readView(
        call("POST", "/v1/migrations", Json.writeBytes(request.asOrder())), MigrationView.class);
  }

  public List<MigrationView> migrations() {
    return Json.readViews(call("GET", "/v1/migrations", NOTHING), MigrationView.class);
  }

  public MigrationView migration(String id) {
    return get("/v1/migrations/" + segment(id), MigrationView.class);
  }

  public MigrationView changeMigration(String id, MigrationChange change) {
    return Json.readView(
        call("PATCH", "/v1/migrations/" + segment(id), Json.writeBytes(change)),
        MigrationView.class);
  }

  public MigrationView cancelMigration(String id) {
    return Json.readView(
        call("POST", "/v1/migrations/" + segment(id) + "/cancel", NOTHING), MigrationView.class);
  }

  /** Decides by hand what to do with a guest whose migration cannot tell. */
  public MigrationView resolveMigration(String id, Decision decision) {
    return Json.readView(
        call(
            "POST",
            "/v1/migrations/" + segment(id) + "/resolve",
            Json.writeBytes(new Resolution(decision.word()))),
        MigrationView.class);
  }

  /** How a guest is reached, as the asked host knows it. */
  public NetworkView network(String guest) {
    return get("/v1/network/" + segment(guest), NetworkView.class);
  }

  public StoreView store() {
    return get("/v1/store", StoreView.class);
  }

  /** Begins work on the store; ask for the job until it is done. */
  public StoreJobView orderStore(StoreOrder order) {
    return Json.readView(
        call("POST", "/v1/store/jobs", Json.writeBytes(order)), StoreJobView.class);
  }

  public StoreJobView storeJob(String id) {
    return get("/v1/store/jobs/" + segment(id), StoreJobView.class);
  }

  /** What happens from now on. Close it. */
  public EventReader events() {
    try {
      HttpExchange exchange = new HttpExchange(agent, "GET", "/v1/events", NOTHING);
      try {
        refuseErrors(exchange);
        // The agent greets with a comment, so whatever happens from here on will be told.
        exchange.line();
        return new EventReader(exchange);
      } catch (IOException | RuntimeException e) {
        exchange.close();
        throw e;
      }
    } catch (IOException e) {
      throw unanswered(e);
    }
  }

  private <T> T get(String path, Class<T> type) {
    return Json.readView(call("GET", path, NOTHING), type);
  }

  private String call(String method, String target, byte[] body) {
    try (HttpExchange exchange = new HttpExchange(agent, method, target, body)) {
      refuseErrors(exchange);
      return exchange.body();
    } catch (IOException e) {
      throw unanswered(e);
    }
  }

  private void refuseErrors(HttpExchange exchange) throws IOException {
    if (exchange.status() >= 400 && exchange.isJson()) {
      throw Json.readView(exchange.body(), ProblemView.class).problem().asException();
    }
    if (exchange.status() >= 300) {
      throw new IOException("it answered with status " + exchange.status());
    }
  }

  private RuntimeException unanswered(IOException e) {
    String reason =
        e instanceof SocketTimeoutException
            ? "it said nothing for %d s".formatted(PATIENCE.toSeconds())
            : String.valueOf(e.getMessage());
    return Problem.host(
            "agent-lost",
            "The agent did not answer: " + reason,
            "Look at its log ('journalctl -u drover-agent'); a migration goes on without you.")
        .asException(e);
  }

  private static String segment(String name) {
    return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
