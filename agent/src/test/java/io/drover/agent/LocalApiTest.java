package io.drover.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.api.ApiClient;
import io.drover.api.ApiDescription;
import io.drover.api.Decision;
import io.drover.api.EventReader;
import io.drover.api.EventView;
import io.drover.api.GuestSpec;
import io.drover.api.MigrationChange;
import io.drover.api.MigrationRequest;
import io.drover.api.Router;
import io.drover.api.StopManner;
import io.drover.api.StoreOrder;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalApiTest {
  @TempDir Path directory;
  private final FakeService service = new FakeService();
  private final Router router = ApiRoutes.of(service);
  private Path socket = Path.of("");
  private Optional<LocalApi> api = Optional.empty();

  @BeforeEach
  void listen() {
    socket = directory.resolve("run/agent.sock");
    api = Optional.of(LocalApi.listen(socket, router, "drover-test-no-such-group"));
  }

  @AfterEach
  void close() throws IOException {
    if (api.isPresent()) {
      api.get().close();
    }
    assertThat(socket).doesNotExist();
  }

  @Test
  void answersEveryCallOfTheClient() {
    ApiClient client = ApiClient.local(socket);
    GuestSpec spec = spec("new");
    MigrationRequest request = request();

    assertThat(client.host()).isEqualTo(service.host());
    assertThat(client.guests()).isEqualTo(service.guests());
    assertThat(client.guest("web")).isEqualTo(Views.guest("web"));
    assertThat(client.startGuest(spec).name()).isEqualTo("new");
    client.stopGuest("web", StopManner.ORDERLY);
    client.stopGuest("web", StopManner.FORCED);
    client.pauseGuest("web");
    client.resumeGuest("web");
    assertThat(client.check(request).mode()).isEqualTo("precopy");
    assertThat(client.migrate(request)).isEqualTo(Views.migration("m0000000001"));
    assertThat(client.migrations()).hasSize(1);
    assertThat(client.migration("m0000000002").id()).isEqualTo("m0000000002");
    MigrationChange change =
        new MigrationChange(Optional.of(0L), Optional.empty(), Optional.of(true));
    client.changeMigration("m0000000001", change);
    client.cancelMigration("m0000000001");
    client.resolveMigration("m0000000001", Decision.DISCARD);
    assertThat(client.network("web")).isEqualTo(service.network("web"));
    assertThat(client.store()).isEqualTo(service.store());
    StoreOrder order = StoreOrder.of("gc");
    assertThat(client.orderStore(order).done()).isFalse();
    assertThat(client.storeJob("s1").id()).isEqualTo("s1");

    assertThat(service.asked)
        .containsExactly(
            spec,
            StopManner.ORDERLY,
            StopManner.FORCED,
            "pause web",
            "resume web",
            MigrationRequest.of("web", "beta").withMode("auto").asDryRun(),
            request,
            change,
            "cancel m0000000001",
            Decision.DISCARD,
            order);
  }

  @Test
  void passesAProblemOnAsItIs() {
    assertThatThrownBy(() -> ApiClient.local(socket).guest("nobody"))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e ->
                assertThat(e.problem())
                    .isEqualTo(
                        Problem.unknown(
                            "no-guest", "There is no guest 'nobody'", "See the list.")));
  }

  @Test
  void streamsEventsFromTheMomentOfTheCall() {
    try (EventReader events = ApiClient.local(socket).events()) {
      service.feed.publish(Views.guest("web"));
      service.feed.publish(Views.migration("m0000000001"));

      assertThat(events.next()).map(EventView::guest).contains(Optional.of(Views.guest("web")));
      assertThat(events.next())
          .map(EventView::migration)
          .contains(Optional.of(Views.migration("m0000000001")));
    }
  }

  @Test
  void endsStreamsWhenItCloses() throws IOException {
    try (EventReader events = ApiClient.local(socket).events()) {
      api.orElseThrow().close();

      assertThat(events.next()).isEmpty();
    }
  }

  @Test
  void servesExactlyThePathsThatItsDescriptionHas() {
    TreeSet<String> described = new TreeSet<>();
    Matcher lines =
        Pattern.compile("(?m)^  (/v1/\\S+):$|^    (get|post|delete|patch):$")
            .matcher(ApiDescription.text());
    String path = "";
    while (lines.find()) {
      if (lines.group(1) != null) {
        path = lines.group(1);
      } else {
        described.add(lines.group(2).toUpperCase(java.util.Locale.ROOT) + " " + path);
      }
    }

    assertThat(router.routes())
        .map(route -> route.method() + " " + route.pattern())
        .containsExactlyInAnyOrderElementsOf(described);
  }

  @Test
  void isOpenToItsOwnerOnly() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
        .isEqualTo("rw-------");
    assertThat(directory.resolve("run").toFile().list()).containsExactly("agent.sock");
  }

  @Test
  void isOpenToTheGroupWhereThereIsOne() throws IOException {
    Path other = directory.resolve("other.sock");
    // Every Linux has a group of this name.
    LocalApi open = LocalApi.listen(other, router, "daemon");
    try {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(other)))
          .isEqualTo("rw-rw----");
      assertThat(Files.getAttribute(other, "posix:group")).hasToString("daemon");
      assertThat(ApiClient.local(other).guests()).hasSize(2);
    } finally {
      open.close();
    }
  }

  @Test
  void takesThePlaceOfADeadAgentsSocket() throws IOException {
    Path stale = directory.resolve("stale.sock");
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(stale));
    }
    assertThatThrownBy(() -> ApiClient.local(stale).guests())
        .hasMessageContaining("No agent answers at " + stale);

    LocalApi fresh = LocalApi.listen(stale, router);
    try {
      assertThat(ApiClient.local(stale).guests()).hasSize(2);
    } finally {
      fresh.close();
    }
  }

  @Test
  void isRefusedWhileAnotherAgentHoldsTheRunDirectory() throws IOException {
    Path run = directory.resolve("held");
    try (AgentLock held = AgentLock.take(run)) {
      assertThat(held).isNotNull();
      assertThatThrownBy(() -> AgentLock.take(run))
          .isInstanceOf(ProblemException.class)
          .hasMessageContaining("Another agent already runs");
    }
    AgentLock.take(run).close();
  }

  @Test
  void saysThatAPathIsTooLongForASocket() {
    Path deep = directory.resolve("x".repeat(120)).resolve("agent.sock");

    assertThatThrownBy(() -> LocalApi.listen(deep, router))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("cannot listen");
    assertThat(deep.getParent()).isEmptyDirectory();
  }

  private static MigrationRequest request() {
    return MigrationRequest.of("web", "beta").withMode("auto");
  }

  private static GuestSpec spec(String name) {
    return new GuestSpec(
        name,
        Optional.empty(),
        "512M",
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(List.of(new GuestSpec.CardSpec(Optional.empty(), "br0"))),
        Optional.empty(),
        Optional.empty());
  }
}
