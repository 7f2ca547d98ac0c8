package io.drover.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.api.CheckReport;
import io.drover.api.EventView;
import io.drover.api.GuestView;
import io.drover.api.HostView;
import io.drover.api.Json;
import io.drover.api.MigrationView;
import io.drover.api.NetworkView;
import io.drover.api.ProblemView;
import io.drover.api.StoreJobView;
import io.drover.api.StoreView;
import io.drover.model.Problem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ClientVerbsTest {
  private static final String ID = "m0000000001";
  private static final Terminal WIDE = new Terminal(120, Terminal.Colours.ANSI);

  @TempDir Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Optional<CannedAgent> running = Optional.empty();

  @BeforeEach
  void start() throws IOException {
    running = Optional.of(new CannedAgent(directory.resolve("s")));
  }

  @AfterEach
  void stop() throws IOException {
    agent().close();
  }

  @Test
  void listsGuestsInATable() {
    agent().on("GET", "/v1/guests", List.of(guest("web", "running"), guest("database", "paused")));

    assertThat(run("guest", "list")).isZero();

    assertThat(out.toString().lines())
        .containsExactly(
            "NAME      STATE       MEMORY  VCPUS  CPU      PID  MIGRATION",
            "web       running  512.0 MiB      1  qemu64  4711  -",
            "database  paused   512.0 MiB      1  qemu64  4711  -");
  }

  @Test
  void printsExactlyOneJsonValue() {
    List<GuestView> guests = List.of(guest("web", "running"));
    agent().on("GET", "/v1/guests", guests);

    assertThat(run("guest", "list", "--json")).isZero();
    assertThat(out.toString()).isEqualTo(Json.write(guests) + System.lineSeparator());
  }

  @Test
  void showsHowAGuestIsReached() {
    NetworkView here =
        new NetworkView(
            "web",
            "beta",
            "beta",
            2,
            List.of(
                new NetworkView.PortView(
                    "dr0",
                    "52:54:00:00:00:01",
                    "br0",
                    true,
                    List.of("192.0.2.10"),
                    Optional.of("web.example"))),
            List.of("192.0.2.10"),
            List.of(
                new NetworkView.WayView("alpha", "from", true, true, "vxlan", Optional.empty()),
                new NetworkView.WayView("gamma", "from", true, false, "tunnel", Optional.empty()),
                new NetworkView.WayView("delta", "from", true, true, "tunnel", Optional.empty()),
                new NetworkView.WayView(
                    "epsilon", "from", true, true, "tunnel", Optional.of("epsilon says: no"))),
            Optional.of("alpha"),
            List.of("inet drover_web"),
            Optional.of("ab12"),
            Optional.of(7),
            List.of("web.guests.example"));
    agent().on("GET", "/v1/network/{guest}", here);

    assertThat(run("network", "show", "web")).isZero();
    assertThat(out.toString())
        .contains("web is on beta.")
        .contains("dr0 52:54:00:00:00:01 on br0 (routed): 192.0.2.10, web.example")
        .contains("192.0.2.10, after 2 moves")
        .contains("what arrives at alpha comes to beta, plainly by VXLAN")
        .contains("what arrives at delta comes to beta, encrypted")
        .contains(
            "what arrives at epsilon comes to beta, encrypted (not plainly: epsilon says: no)")
        .contains("what arrives at gamma comes to beta: not now, gamma has not agreed")
        .contains("leave by alpha")
        .contains("web.guests.example, answered by beta")
        .contains("inet drover_web (ab12)")
        .contains("7 open ones pass beta");
  }

  @Test
  void showsWhereAGuestWentThatLeft() {
    agent()
        .on(
            "GET",
            "/v1/network/{guest}",
            new NetworkView(
                "web",
                "alpha",
                "beta",
                1,
                List.of(),
                List.of("192.0.2.10"),
                List.of(
                    new NetworkView.WayView("beta", "to", false, true, "tunnel", Optional.empty())),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                List.of()));

    assertThat(run("network", "show", "web")).isZero();
    assertThat(out.toString())
        .contains("web is on beta.")
        .contains("what arrives at alpha goes to beta: not now, the hosts are not connected")
        .contains("none of its own on alpha")
        .doesNotContain("connections")
        .doesNotContain("name service");
  }

  @Test
  void showsTheStoreWithItsBoundsAndSources() {
    agent()
        .on(
            "GET",
            "/v1/store",
            new StoreView(
                "/s",
                300_000,
                9 << 20,
                64 << 20,
                1L << 30,
                16L << 30,
                0,
                0,
                List.of(
                    new StoreView.SourceView(
                        "image", "/srv/base.raw", "nobody", "public", 4096, 0, 200_000, true),
                    new StoreView.SourceView(
                        "checkpoint", "web", "alice", "owner", 4096, 0, 100_000, false)),
                List.of(new ProblemView("host", "c", "A catalogue is damaged", "Clean up."))));

    assertThat(run("store", "status")).isZero();
    assertThat(out.toString())
        .contains("300000 names in 9.00 MiB of memory, of 64.0 MiB")
        .contains("1.00 GiB of 16.0 GiB")
        .contains("none are kept")
        .contains("image       /srv/base.raw  nobody  everybody  781.3 MiB  whole")
        .contains("checkpoint  web            alice   its owner  390.6 MiB  in part")
        .contains("A catalogue is damaged");
  }

  @Test
  void followsWorkOnTheStoreToItsEnd() {
    agent()
        .on("POST", "/v1/store/jobs", job(false, Optional.empty()))
        .on("GET", "/v1/store/jobs/{id}", job(true, Optional.empty()));

    assertThat(run("store", "verify")).isZero();
    assertThat(out.toString())
        .contains("12 chunks are as they should be.")
        .contains("checkpoint web: it is damaged; 3 names dropped");
  }

  @Test
  void workOnTheStoreThatFailsIsAProblem() {
    ProblemView full = new ProblemView("full", "store-disk-full", "No space is left", "Free some.");
    agent().on("POST", "/v1/store/jobs", job(true, Optional.of(full)));

    assertThat(run("store", "gc")).isEqualTo(Problem.Kind.FULL.exitCode());
    assertThat(err.toString()).contains("No space is left");
    assertThat(run("store", "forget")).isEqualTo(Problem.Kind.USAGE.exitCode());
  }

  private static StoreJobView job(boolean done, Optional<ProblemView> problem) {
    return new StoreJobView(
        "s1",
        "verify",
        done,
        problem,
        Map.of("chunks", 12L),
        List.of(new StoreJobView.FindingView("checkpoint", "web", 3, "it is damaged")));
  }

  @Test
  void saysHowToMendThatNoAgentAnswers() {
    int code = runAt(directory.resolve("none"), Terminal.NONE, "guest", "list", "--json");

    assertThat(code).isEqualTo(Problem.Kind.HOST.exitCode());
    assertThat(err.toString())
        .startsWith("drover: No agent answers at " + directory.resolve("none"))
        .contains("        Start it with");
    assertThat(Json.readView(out.toString(), ProblemView.class).code()).isEqualTo("no-agent");
  }

  @Test
  void startsAGuestFromStandardInput() {
    agent().on("POST", "/v1/guests", guest("web", "running"));

    assertThat(run("guest", "start", "-")).isZero();
    assertThat(agent().asked)
        .containsExactly("POST /v1/guests {\"name\":\"web\",\"memory\":\"512M\"}");
    assertThat(out.toString().strip()).isEqualTo("web is running.");
  }

  @Test
  void showsAHostWithItsPeersAndWarnings() {
    agent()
        .on(
            "GET",
            "/v1/host",
            new HostView(
                "alpha",
                "0.1.0",
                "10.0.2",
                "tcg",
                "0.0.0.0:7717",
                8L << 30,
                4L << 30,
                false,
                List.of(new HostView.PeerView("beta", "198.51.100.2:7717", true, false)),
                List.of(new ProblemView("host", "c", "There is no userfaultfd", "Turn it on."))));

    assertThat(run("host", "show")).isZero();
    assertThat(out.toString())
        .contains("post-copy  not possible here")
        .contains("beta  198.51.100.2:7717  yes      no")
        .contains("warning: There is no userfaultfd");
  }

  @Test
  void followsAMigrationByItsEventsAndSumsItUp() {
    agent()
        .on("POST", "/v1/migrations", view("prepare", 0, Optional.empty()))
        .events(
            events(
                view("copy", 0.25, Optional.empty()),
                view("copy", 0.55, Optional.empty()),
                view("ended", 1, Optional.of("completed"))));

    assertThat(run("migrate", "web", "--to", "beta", "--max-downtime", "50ms")).isZero();

    assertThat(agent().asked)
        .containsExactly(
            "POST /v1/migrations {\"guest\":\"web\",\"to\":\"beta\",\"maxDowntimeMillis\":50}");
    assertThat(out.toString())
        .contains("web -> beta: 25 %, copy (hybrid), 936.0 Mbit/s, 768.0 MiB to go, 4.00 s left")
        .contains("web is on beta now.")
        .contains("hybrid: the guest dirties memory faster than the link is")
        .contains("12.5 s (prepare 400 ms, copy 9.10 s)")
        .contains("43 ms (limit 100 ms)")
        .contains("1.00 GiB for 1.00 GiB of memory at 943.9 Mbit/s");
  }

  @Test
  void asksAgainAndAgainWhenTheEventsEnd() {
    agent()
        .on("POST", "/v1/migrations", view("prepare", 0, Optional.empty()))
        .on("GET", "/v1/migrations/{id}", view("ended", 1, Optional.of("completed")))
        .events(List.of());

    assertThat(run("migrate", "web", "--to", "beta", "--json")).isZero();
    assertThat(Json.readView(out.toString(), MigrationView.class).outcome()).contains("completed");
  }

  @Test
  void drawsABarOnATerminalOnly() {
    agent()
        .on("POST", "/v1/migrations", view("copy", 0.5, Optional.empty()))
        .events(events(view("ended", 1, Optional.of("completed"))));

    runAt(directory.resolve("s"), WIDE, "migrate", "web", "--to", "beta");

    assertThat(out.toString())
        .contains("\rweb -> beta [############------------] 50 %")
        .contains("\u001b[32mweb is on beta now.\u001b[0m");
  }

  @Test
  void asksForAChainAndTellsWhatBecameOfIt() {
    List<MigrationView.LayersView> layers =
        List.of(
            new MigrationView.LayersView(
                "/a", MigrationView.LayersView.BASED, Optional.of("/b"), 1 << 30, ""),
            new MigrationView.LayersView(
                "/c", MigrationView.LayersView.BASE_COPIED, Optional.of("/d"), 0, ""),
            new MigrationView.LayersView(
                "/e", MigrationView.LayersView.FLATTENED, Optional.empty(), 0, "as asked"));
    agent()
        .on("POST", "/v1/migrations", view("prepare", 0, Optional.empty()))
        .events(
            events(
                view(
                    "ended",
                    1,
                    Optional.of("completed"),
                    Optional.of(new MigrationView.DisksView(0, 0, Optional.empty(), layers)))));

    assertThat(run("migrate", "web", "--to", "beta", "--storage-chain", "keep")).isZero();

    assertThat(agent().asked)
        .containsExactly(
            "POST /v1/migrations {\"guest\":\"web\",\"to\":\"beta\",\"storageChain\":\"keep\"}");
    assertThat(out.toString())
        .contains("/a is based on /b there, which spared 1.00 GiB")
        .contains("/c is based on /d, which was copied as well")
        .contains("/e is flattened: as asked");
    assertThat(run("migrate", "web", "--to", "beta", "--storage-chain", "twist"))
        .isEqualTo(Problem.Kind.USAGE.exitCode());
  }

  @Test
  void tellsAFailedMigrationByItsExitCode() {
    agent()
        .on("POST", "/v1/migrations", view("prepare", 0, Optional.empty()))
        .events(events(view("ended", 0.3, Optional.of("aborted"))));

    assertThat(run("migrate", "web", "--to", "beta")).isEqualTo(Problem.Kind.MIGRATION.exitCode());
    assertThat(out.toString()).contains("The move of web to beta failed; it runs on at alpha.");
  }

  @Test
  void printsTheChecksOfADryRun() {
    agent()
        .on(
            "POST",
            "/v1/migrations",
            new CheckReport(
                false,
                "web",
                "beta",
                "auto",
                "",
                0,
                0,
                List.of(
                    new CheckReport.Check("memory", true, "2 GiB free", ""),
                    new CheckReport.Check("cpu", false, "host has no avx2", "Use qemu64."))));

    assertThat(run("migrate", "web", "--to", "beta", "--dry-run"))
        .isEqualTo(Problem.Kind.MIGRATION.exitCode());
    assertThat(out.toString().lines())
        .contains("memory  ok  2 GiB free", "cpu     no  host has no avx2")
        .contains("web cannot move to beta. Nothing was moved.");
  }

  @Test
  void watchesInJsonLines() {
    agent()
        .on("GET", "/v1/migrations/{id}", view("copy", 0.5, Optional.empty()))
        .events(events(view("ended", 1, Optional.of("completed"))));

    assertThat(run("migration", "watch", ID, "--json")).isZero();
    assertThat(out.toString().lines())
        .hasSize(2)
        .allSatisfy(line -> assertThat(Json.readView(line, MigrationView.class)).isNotNull());
  }

  @Test
  void changesCancelsAndResolves() {
    MigrationView view = view("copy", 0.5, Optional.empty());
    agent()
        .on("PATCH", "/v1/migrations/{id}", view)
        .on("POST", "/v1/migrations/{id}/cancel", view)
        .on("POST", "/v1/migrations/{id}/resolve", view);

    assertThat(run("migration", "set", ID, "--bandwidth", "none", "--postcopy")).isZero();
    assertThat(run("migration", "cancel", ID)).isZero();
    assertThat(run("migration", "resolve", ID, "discard")).isZero();
    assertThat(run("migration", "set", ID)).isEqualTo(2);
    assertThat(run("migration", "resolve", ID, "perhaps")).isEqualTo(2);

    String path = "/v1/migrations/" + ID;
    assertThat(agent().asked)
        .containsExactly(
            "PATCH " + path + " {\"bandwidthBytesPerSecond\":0,\"postCopyNow\":true}",
            "POST " + path + "/cancel ",
            "POST " + path + "/resolve {\"decision\":\"discard\"}");
  }

  @Test
  void tellsAWrongOptionInItsOwnWords() {
    assertThat(run("migrate", "web", "--to", "beta", "--mode", "warp")).isEqualTo(2);
    assertThat(err.toString()).startsWith("drover: ").contains("'warp' is not a mode");
    assertThat(run("migrate", "web")).isEqualTo(2);
    assertThat(err.toString()).contains("--to");
  }

  @Test
  void letsNobodySteerTheTerminalWithANameFromElsewhere() {
    agent().on("GET", "/v1/guests", List.of(guest("web\u001b[2J\rroot", "running")));

    run("guest", "list");
    assertThat(out.toString()).contains("web?[2J?root");
  }

  private CannedAgent agent() {
    return running.orElseThrow();
  }

  private int run(String... arguments) {
    return runAt(directory.resolve("s"), Terminal.NONE, arguments);
  }

  @Test
  void wrapsLongSentencesBetweenWordsOnATerminalOnly() {
    agent().on("GET", "/v1/migrations/{id}", view("ended", 1, Optional.of("completed")));
    Terminal narrow = new Terminal(40, Terminal.Colours.PLAIN);

    assertThat(runAt(directory.resolve("s"), narrow, "migration", "show", ID)).isZero();
    assertThat(out.toString())
        .contains(
            "  mode      hybrid: the guest dirties" + System.lineSeparator(),
            "            memory faster than the link" + System.lineSeparator());
    out.getBuffer().setLength(0);
    assertThat(runAt(directory.resolve("s"), Terminal.NONE, "migration", "show", ID)).isZero();
    assertThat(out.toString()).contains("the guest dirties memory faster than the link is");
  }

  private int runAt(Path socket, Terminal terminal, String... arguments) {
    byte[] guest = "name: web\nmemory: 512M\n".getBytes(StandardCharsets.UTF_8);
    Problems problems = new Problems(terminal);
    CommandLine verb =
        Optional.ofNullable(
                ClientVerbs.all(terminal, new ByteArrayInputStream(guest)).get(arguments[0]))
            .orElseThrow()
            .get()
            .setExecutionExceptionHandler(problems)
            .setParameterExceptionHandler(problems)
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err));
    List<String> rest = new ArrayList<>(Arrays.asList(arguments).subList(1, arguments.length));
    rest.addAll(List.of("--agent", socket.toString()));
    return verb.execute(rest.toArray(String[]::new));
  }

  private static GuestView guest(String name, String state) {
    return new GuestView(
        name,
        "00000000-0000-4000-8000-000000000000",
        state,
        512L << 20,
        1,
        "pc-i440fx-7.2",
        "qemu64",
        List.of(),
        Optional.empty(),
        Optional.empty(),
        4711,
        Optional.empty());
  }

  private static List<EventView> events(MigrationView... views) {
    List<EventView> events = new ArrayList<>();
    for (MigrationView view : views) {
      events.add(new EventView(events.size(), 0, "migration", Optional.of(view), Optional.empty()));
    }
    return events;
  }

  private static MigrationView view(String phase, double progress, Optional<String> outcome) {
    return view(phase, progress, outcome, Optional.empty());
  }

  private static MigrationView view(
      String phase,
      double progress,
      Optional<String> outcome,
      Optional<MigrationView.DisksView> disks) {
    return new MigrationView(
        ID,
        "web",
        "source",
        "alpha",
        "beta",
        "auto",
        "hybrid",
        "the guest dirties memory faster than the link is",
        "tunnel",
        phase,
        outcome,
        Optional.empty(),
        0,
        12.5,
        progress,
        outcome.isPresent() ? Optional.empty() : Optional.of(4.0),
        1L << 30,
        (long) ((1L << 30) * (1 - progress)),
        (long) ((1L << 30) * progress),
        117_000_000,
        100_000_000,
        1,
        Optional.empty(),
        100,
        Optional.of(43.0),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        0,
        0,
        List.of(
            new MigrationView.PhaseTime("prepare", 0, 0.4),
            new MigrationView.PhaseTime("copy", 0.4, 9.1)),
        List.of(),
        Optional.empty(),
        disks,
        List.of(),
        List.of());
  }
}
