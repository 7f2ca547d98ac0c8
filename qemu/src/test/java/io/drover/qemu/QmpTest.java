package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.drover.model.ProblemException;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class QmpTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Pattern ID = Pattern.compile("\"id\":\"([^\"]*)\"");

  private final Path directory = Files.createTempDirectory("qmp");
  private final Path socket = directory.resolve("s");
  private final ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
  private final LinkedBlockingQueue<QmpEvent> events = new LinkedBlockingQueue<>();
  private final CountDownLatch ended = new CountDownLatch(1);

  QmpTest() throws IOException {
    server.bind(UnixDomainSocketAddress.of(socket));
  }

  @AfterEach
  void close() throws IOException {
    server.close();
    Files.deleteIfExists(socket);
    Files.delete(directory);
  }

  private Qmp connect() throws IOException {
    return Qmp.connect(
        socket,
        new Qmp.Listener() {
          @Override
          public void event(QmpEvent event) {
            events.add(event);
          }

          @Override
          public void ended() {
            ended.countDown();
          }
        },
        "t-");
  }

  /** One client's monitor, as a script. */
  private record Monitor(SocketChannel channel, BufferedReader lines) implements AutoCloseable {
    static Monitor accept(ServerSocketChannel server) throws IOException {
      SocketChannel channel = server.accept();
      return new Monitor(
          channel, new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8)));
    }

    String request() throws IOException {
      return String.valueOf(lines.readLine());
    }

    static String id(String request) {
      Matcher matcher = ID.matcher(request);
      assertThat(matcher.find()).isTrue();
      return matcher.group(1);
    }

    void say(String text) throws IOException {
      ByteBuffer bytes = ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }

    void greet() throws IOException {
      say("{\"QMP\": {\"version\": {\"qemu\": {\"major\": 10}}, \"capabilities\": [\"oob\"]}}");
      say("{\"return\": {}, \"id\": \"" + id(request()) + "\"}");
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  private interface Script {
    void run(Monitor monitor) throws Exception;
  }

  private CompletableFuture<Void> serve(Script script) {
    return CompletableFuture.runAsync(
        () -> {
          try (Monitor monitor = Monitor.accept(server)) {
            script.run(monitor);
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        },
        task -> Thread.ofVirtual().start(task));
  }

  @Test
  void matchesRepliesByIdWhateverTheirOrder() throws Exception {
    CompletableFuture<Void> script =
        serve(
            monitor -> {
              monitor.greet();
              String one = monitor.request();
              String two = monitor.request();
              for (String request : List.of(two, one)) {
                String value = request.contains("first") ? "1" : "2";
                monitor.say("{\"return\": " + value + ", \"id\": \"" + Monitor.id(request) + "\"}");
              }
            });
    try (Qmp qmp = connect()) {
      assertThat(qmp.negotiate(LONG).path("version").path("qemu").path("major").asInt())
          .isEqualTo(10);
      CompletableFuture<Integer> first =
          CompletableFuture.supplyAsync(
              () -> qmp.run("first").asInt(), task -> Thread.ofVirtual().start(task));
      assertThat(qmp.run("second").asInt()).isEqualTo(2);
      assertThat(first.get(30, TimeUnit.SECONDS)).isEqualTo(1);
    }
    script.get(30, TimeUnit.SECONDS);
  }

  @Test
  void passesOnEventsAfterTheFirstReplyOnly() throws Exception {
    var _ =
        serve(
            monitor -> {
              monitor.say("{\"event\": \"STALE\"}");
              monitor.say("the tail of a line\"}");
              monitor.say("{\"return\": 9, \"id\": \"someone-else\"}");
              monitor.say("{\"event\": \"STALE\"}");
              monitor.greet();
              monitor.say("{\"event\": \"MIGRATION\", \"data\": {\"status\": \"active\"}}");
              monitor.request();
            });
    try (Qmp qmp = connect()) {
      qmp.negotiate(LONG);
      QmpEvent event = events.poll(30, TimeUnit.SECONDS);
      assertThat(event).isNotNull();
      assertThat(event.name()).isEqualTo("MIGRATION");
      assertThat(event.data().path("status").asString()).isEqualTo("active");
    }
  }

  @Test
  void tellsARefusalAsAValueAndAsAProblem() throws Exception {
    var _ =
        serve(
            monitor -> {
              monitor.greet();
              for (int i = 0; i < 2; i++) {
                String id = Monitor.id(monitor.request());
                monitor.say("{\"error\": {\"desc\": \"no way\"}, \"id\": \"" + id + "\"}");
              }
            });
    try (Qmp qmp = connect()) {
      qmp.negotiate(LONG);
      assertThat(qmp.ask("x", Qmp.object(), LONG)).isEqualTo(new QmpReply.Refused("no way"));
      assertThatThrownBy(() -> qmp.run("x"))
          .isInstanceOf(ProblemException.class)
          .hasMessageContaining("no way");
    }
  }

  @Test
  void sendsUrgentCommandsOutOfBand() throws Exception {
    CompletableFuture<Void> script =
        serve(
            monitor -> {
              monitor.greet();
              String request = monitor.request();
              assertThat(request).contains("\"exec-oob\":\"yank\"").doesNotContain("execute");
              monitor.say("{\"return\": {}, \"id\": \"" + Monitor.id(request) + "\"}");
            });
    try (Qmp qmp = connect()) {
      qmp.negotiate(LONG, "oob");
      assertThat(qmp.askOutOfBand("yank", Qmp.object(), LONG)).isInstanceOf(QmpReply.Success.class);
    }
    script.get(30, TimeUnit.SECONDS);
  }

  @Test
  void givesUpOnACommandThatIsNotAnswered() throws Exception {
    var _ =
        serve(
            monitor -> {
              monitor.greet();
              monitor.request();
              monitor.request();
            });
    try (Qmp qmp = connect()) {
      qmp.negotiate(LONG);
      assertThatThrownBy(() -> qmp.run("x", Qmp.object(), Duration.ofMillis(50)))
          .isInstanceOfSatisfying(
              ProblemException.class, e -> assertThat(e.problem().code()).isEqualTo("qemu-silent"));
    }
  }

  @Test
  void failsWhatWaitsWhenQemuGoesAway() throws Exception {
    var _ =
        serve(
            monitor -> {
              monitor.greet();
              monitor.request();
            });
    try (Qmp qmp = connect()) {
      qmp.negotiate(LONG);
      assertThatThrownBy(() -> qmp.run("x", Qmp.object(), LONG))
          .isInstanceOfSatisfying(
              ProblemException.class, e -> assertThat(e.problem().code()).isEqualTo("qemu-gone"));
      assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(qmp.isOpen()).isFalse();
    }
  }

  @Test
  void endsTheConnectionAtALineWithoutEnd() throws Exception {
    var _ =
        serve(
            monitor -> {
              monitor.greet();
              ByteBuffer junk = ByteBuffer.allocate(1 << 20);
              try {
                while (true) {
                  monitor.channel().write(junk.clear());
                }
              } catch (IOException e) {
                // As wanted: the client closed.
              }
            });
    try (Qmp qmp = connect()) {
      qmp.negotiate(LONG);
      assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(qmp.isOpen()).isFalse();
    }
  }

  @FuzzTest(maxDuration = "10s")
  void survivesWhateverAMonitorSays(byte[] said) throws Exception {
    var _ = serve(monitor -> monitor.channel().write(ByteBuffer.wrap(said)));
    try (Qmp qmp = connect()) {
      assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(qmp.isOpen()).isFalse();
    }
  }
}
