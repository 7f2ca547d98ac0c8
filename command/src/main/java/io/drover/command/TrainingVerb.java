package io.drover.command;

import io.drover.agent.AgentTraining;
import io.drover.api.GuestView;
import io.drover.api.HttpConnection;
import io.drover.api.HttpResponse;
import io.drover.api.Router;
import io.drover.cli.Terminal;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * {@code drover training}: the launcher runs it once after a build so that the JVM learns which
 * classes a client needs, and starts quickly from then on. It asks a canned agent of its own. With
 * {@code agent} it learns what agents do.
 */
@Command(
    name = "training",
    hidden = true,
    description = "Exercise the client, for the launcher's start-up cache.")
final class TrainingVerb implements Callable<Integer> {
  private static final GuestView GUEST =
      new GuestView(
          "web",
          "00000000-0000-4000-8000-000000000000",
          "running",
          1L << 30,
          2,
          "pc-i440fx-7.2",
          "qemu64",
          List.of(
              new GuestView.CardView(
                  "52:54:00:00:00:01", "br0", List.of("192.0.2.10"), Optional.empty())),
          Optional.empty(),
          Optional.empty(),
          4711,
          Optional.of("m0000000000"));

  @Parameters(arity = "0..1", description = "What is exercised: client or agent.")
  private String what = "client";

  @Override
  public Integer call() throws IOException, InterruptedException {
    return switch (what) {
      case "agent" -> agents();
      default -> client();
    };
  }

  private static int agents() throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("drover-training");
    try {
      AgentTraining.run(folder);
      return 0;
    } finally {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static int client() throws IOException {
    Path directory = Files.createTempDirectory("drover-training");
    Path socket = directory.resolve("s");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      Thread.ofVirtual().start(() -> serve(server));
      PrintWriter nowhere = new PrintWriter(new StringWriter());
      Drover drover = new Drover(Terminal.NONE, InputStream.nullInputStream(), nowhere, nowhere);
      String agent = socket.toString();
      int code = drover.run("guest", "list", "--agent", agent);
      code += drover.run("guest", "show", "web", "--agent", agent, "--json");
      drover.run("guest", "list", "--agent", agent + ".missing");
      drover.run("--help");
      return code;
    } finally {
      Files.deleteIfExists(socket);
      Files.deleteIfExists(directory);
    }
  }

  private static void serve(ServerSocketChannel server) {
    Router router =
        new Router()
            .on("GET", "/v1/guests", request -> HttpResponse.json(List.of(GUEST)))
            .on("GET", "/v1/guests/{name}", request -> HttpResponse.json(GUEST));
    while (server.isOpen()) {
      try (SocketChannel connection = server.accept()) {
        new HttpConnection(
                Channels.newInputStream(connection),
                Channels.newOutputStream(connection),
                router,
                bug -> {
                  throw bug;
                })
            .serve();
      } catch (IOException closed) {
        // The training is over.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
