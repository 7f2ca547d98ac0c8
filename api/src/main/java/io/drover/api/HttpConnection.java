package io.drover.api;

import io.drover.model.Problem;
import io.drover.model.ProblemException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The server's side of one HTTP/1.1 connection over any pair of byte streams. One thread calls
 * {@link #serve}, which blocks until the connection is done. Time-outs belong to whoever owns the
 * streams, and so does closing them.
 *
 * <p>Every answer is JSON, an event stream, or the API's description; every error is a {@link
 * ProblemView}. An event stream ends with the connection and carries a comment every few seconds,
 * so that a client that went away is noticed.
 */
public final class HttpConnection {
  private static final Duration DEFAULT_PING = Duration.ofSeconds(5);

  private final BufferedOutputStream out;
  private final HttpRequestReader reader;
  private final Router router;
  private final Consumer<RuntimeException> bugs;
  private final Duration ping;

  /**
   * @param bugs is told of a failure that is nobody's mistake but ours, to log it; the client only
   *     learns that there was one
   */
  public HttpConnection(
      InputStream in, OutputStream out, Router router, Consumer<RuntimeException> bugs) {
    this(in, out, router, bugs, DEFAULT_PING);
  }

  HttpConnection(
      InputStream in,
      OutputStream out,
      Router router,
      Consumer<RuntimeException> bugs,
      Duration ping) {
    this.out = new BufferedOutputStream(out, 16 << 10);
    this.reader = new HttpRequestReader(new BufferedInputStream(in, 8 << 10), this::sendContinue);
    this.router = router;
    this.bugs = bugs;
    this.ping = ping;
  }

  /** Answers requests until the peer closes, asks to close, errs, or has followed a stream. */
  public void serve() throws IOException, InterruptedException {
    boolean open = true;
    while (open) {
      try {
        Optional<HttpRequest> request = reader.read();
        open = request.isPresent() && answer(request.get());
      } catch (HttpException e) {
        send(refusal(e), Persistence.CLOSE);
        open = false;
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }
  }

  private enum Persistence {
    KEEP,
    CLOSE
  }

  /** Whether another request may follow. */
  private boolean answer(HttpRequest request) throws IOException, InterruptedException {
    boolean closing =
        request.header("connection").orElse("").toLowerCase(Locale.ROOT).contains("close");
    switch (response(request)) {
      case HttpResponse.Document document -> {
        send(document, closing ? Persistence.CLOSE : Persistence.KEEP);
        return !closing;
      }
      case HttpResponse.Stream stream -> {
        try (EventSource source = stream.source()) {
          follow(source);
        }
        return false;
      }
    }
  }

  private HttpResponse response(HttpRequest request) throws InterruptedException {
    try {
      if (request.header("origin").isPresent()) {
        throw new HttpException(403, "Requests from web pages are not taken");
      }
      return router.handle(request);
    } catch (HttpException e) {
      return refusal(e);
    } catch (ProblemException e) {
      if (e.problem().kind() == Problem.Kind.BUG) {
        bugs.accept(e);
      }
      return HttpResponse.problem(ProblemView.of(e.problem()));
    } catch (RuntimeException e) {
      bugs.accept(e);
      return HttpResponse.problem(
          ProblemView.of(
              Problem.bug(
                  "unexpected-failure",
                  "The agent failed at %s %s".formatted(request.method(), request.path()))));
    }
  }

  private static HttpResponse.Document refusal(HttpException e) {
    ProblemView view =
        ProblemView.of(
            Problem.usage(
                "bad-request",
                String.valueOf(e.getMessage()),
                "GET /v1/openapi.yaml describes what the agent takes."));
    return new HttpResponse.Document(e.status(), "application/json", Json.write(view));
  }

  private void send(HttpResponse.Document document, Persistence persistence) throws IOException {
    byte[] body = document.body().getBytes(StandardCharsets.UTF_8);
    String head =
        "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nCache-Control: no-store\r\n%s\r\n"
            .formatted(
                document.status(),
                reasonPhrase(document.status()),
                document.contentType(),
                body.length,
                persistence == Persistence.CLOSE ? "Connection: close\r\n" : "");
    out.write(head.getBytes(StandardCharsets.ISO_8859_1));
    out.write(body);
    out.flush();
  }

  private void follow(EventSource source) throws IOException, InterruptedException {
    write(
        String.join(
            "\r\n",
            "HTTP/1.1 200 OK",
            "Content-Type: text/event-stream",
            "Cache-Control: no-store",
            "Connection: close",
            "",
            ": welcome\n\n"));
    while (true) {
      Optional<EventView> event = source.next(ping);
      if (event.isPresent()) {
        EventView view = event.get();
        write(
            "event: %s\nid: %d\ndata: %s\n\n"
                .formatted(view.kind(), view.sequence(), Json.write(view)));
      } else if (source.ended()) {
        return;
      } else {
        write(": ping\n\n");
      }
    }
  }

  private void sendContinue() {
    try {
      write("HTTP/1.1 100 Continue\r\n\r\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void write(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  private static String reasonPhrase(int status) {
    return switch (status) {
      case 200 -> "OK";
      case 201 -> "Created";
      case 400 -> "Bad Request";
      case 403 -> "Forbidden";
      case 404 -> "Not Found";
      case 405 -> "Method Not Allowed";
      case 409 -> "Conflict";
      case 411 -> "Length Required";
      case 413 -> "Content Too Large";
      case 415 -> "Unsupported Media Type";
      case 417 -> "Expectation Failed";
      case 431 -> "Request Header Fields Too Large";
      case 502 -> "Bad Gateway";
      case 503 -> "Service Unavailable";
      case 505 -> "HTTP Version Not Supported";
      default -> status < 400 ? "OK" : "Error";
    };
  }
}
