package io.drover.cli;

import io.drover.api.EventSource;
import io.drover.api.EventView;
import io.drover.api.HttpConnection;
import io.drover.api.HttpRequest;
import io.drover.api.HttpResponse;
import io.drover.api.Router;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;

/** Answers what a test put in, over a real socket, and writes down what it was asked. */
final class CannedAgent implements AutoCloseable {
  final List<String> asked = new CopyOnWriteArrayList<>();
  final Router router = new Router();
  private final ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);

  CannedAgent(Path socket) throws IOException {
    server.bind(UnixDomainSocketAddress.of(socket));
    Thread.ofVirtual().start(this::accept);
  }

  CannedAgent on(String method, String path, Object answer) {
    router.on(
        method,
        path,
        request -> {
          note(request);
          return HttpResponse.json(answer);
        });
    return this;
  }

  CannedAgent events(Collection<EventView> events) {
    router.on("GET", "/v1/events", request -> new HttpResponse.Stream(new Canned(events)));
    return this;
  }

  private void note(HttpRequest request) {
    asked.add(request.method() + " " + request.path() + " " + request.body());
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        SocketChannel connection = server.accept();
        Thread.ofVirtual().start(() -> serve(connection));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(SocketChannel connection) {
    try (connection) {
      new HttpConnection(
              Channels.newInputStream(connection),
              Channels.newOutputStream(connection),
              router,
              bug -> asked.add(bug.toString()))
          .serve();
    } catch (IOException gone) {
      // The client has what it wanted.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }

  /** Ends after the last one. */
  private static final class Canned implements EventSource {
    private final Queue<EventView> events;

    Canned(Collection<EventView> events) {
      this.events = new ArrayDeque<>(events);
    }

    @Override
    public Optional<EventView> next(Duration patience) {
      return Optional.ofNullable(events.poll());
    }

    @Override
    public boolean ended() {
      return events.isEmpty();
    }

    @Override
    public void close() {
      events.clear();
    }
  }
}
