package io.drover.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drover.model.Problem;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpConnectionTest {
  private final List<RuntimeException> bugs = new ArrayList<>();
  private final Router router =
      new Router()
          .on("GET", "/v1/things", request -> HttpResponse.json(List.of("a", "b")))
          .on(
              "GET",
              "/v1/things/{name}",
              request ->
                  HttpResponse.json(
                      List.of(
                          request.variable("name"), request.query().getOrDefault("how", "none"))))
          .on(
              "POST",
              "/v1/things",
              request -> HttpResponse.json(201, request.json(Resolution.class)))
          .on(
              "GET",
              "/v1/problem",
              request -> {
                throw Problem.full("busy", "It is busy", "Wait.").asException();
              })
          .on(
              "GET",
              "/v1/bug",
              request -> {
                throw new IllegalStateException("secret state");
              });

  @Test
  void answersSeveralRequestsOnOneConnection() throws Exception {
    String answer =
        serve(
            "GET /v1/things HTTP/1.1~Host: x~~GET /v1/things/b%2Fc?how=now HTTP/1.1~hOsT: x~~"
                .replace("~", "\r\n"));

    assertThat(answer).contains("[\"a\",\"b\"]HTTP/1.1 200 OK").endsWith("[\"b/c\",\"now\"]");
    assertThat(answer).doesNotContain("Connection: close");
  }

  @Test
  void stopsAfterARequestThatAsksToClose() throws Exception {
    String answer =
        serve(
            "GET /v1/things HTTP/1.1~Host: x~Connection: close~~GET /v1/things/b HTTP/1.1~Host: x~~"
                .replace("~", "\r\n"));

    assertThat(answer).contains("Connection: close").endsWith("[\"a\",\"b\"]");
  }

  @Test
  void readsABodyAndSendsContinueWhenItIsAwaited() throws Exception {
    String answer =
        serve(
            "POST /v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Expect: 100-continue\r\nContent-Length: 18\r\n\r\n{\"decision\":\"run\"}");

    assertThat(answer)
        .startsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n")
        .endsWith("{\"decision\":\"run\"}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET /v1/things HTTP/1.1~~|400|Host",
        "GET /v1/things HTTP/1.0~Host: x~~|505|HTTP/1.1",
        "GET  /v1/things HTTP/1.1~Host: x~~|400|request line",
        "GET http://x/v1/things HTTP/1.1~Host: x~~|400|not a path",
        "GET /v1/things#f HTTP/1.1~Host: x~~|400|not a path",
        "GET /v1/things HTTP/1.1~Host: x~Host: y~~|400|twice",
        "GET /v1/things HTTP/1.1~Host : x~~|400|Name: value",
        "GET /v1/things HTTP/1.1~Host: x~ folded~~|400|Name: value",
        "POST /v1/things HTTP/1.1~Host: x~Transfer-Encoding: chunked~~0~~|411|Content-Length",
        "POST /v1/things HTTP/1.1~Host: x~Content-Length: 2~Transfer-Encoding: chunked~~{}|411|-",
        "POST /v1/things HTTP/1.1~Host: x~Content-Length: 2~Content-Length: 2~~{}|400|twice",
        "POST /v1/things HTTP/1.1~Host: x~Content-Length: +2~~{}|400|number",
        "POST /v1/things HTTP/1.1~Host: x~Content-Length: 2,2~~{}|400|number",
        "POST /v1/things HTTP/1.1~Host: x~Content-Length: 1048577~~|413|1048576",
        "POST /v1/things HTTP/1.1~Host: x~Content-Length: 9999999999~~|413|1048576",
        "POST /v1/things HTTP/1.1~Host: x~Content-Length: 2~~{}|415|application/json",
        "POST /v1/things HTTP/1.1~Host: x~Expect: cake~~|417|100-continue",
        "GET /v1/things?a=1&a=2 HTTP/1.1~Host: x~~|400|twice",
        "GET /v1/things/%zz HTTP/1.1~Host: x~~|400|percent",
        "GET /v1/nothing HTTP/1.1~Host: x~~|404|/v1/nothing",
        "DELETE /v1/things HTTP/1.1~Host: x~~|405|GET, POST",
        "GET /v1/things HTTP/1.1~Host: x~Origin: http://evil.example~~|403|web pages",
        "GET /v1/problem HTTP/1.1~Host: x~~|409|It is busy",
      })
  void refusesWithAStatusAndASentence(String request, int status, String expected)
      throws Exception {
    String answer = serve(request.replace("~", "\r\n"));

    assertThat(answer).startsWith("HTTP/1.1 " + status + " ").contains(expected);
    assertThat(answer).contains("Content-Type: application/json").contains("\"remedy\":");
  }

  @Test
  void refusesBareLineFeedsSoThatNobodyCanDisagreeAboutALinesEnd() throws Exception {
    assertThat(serve("GET /v1/things HTTP/1.1\nHost: x\n\n")).startsWith("HTTP/1.1 400 ");
    assertThat(serve("GET /v1/things HTTP/1.1\rHost: x\r\r")).startsWith("HTTP/1.1 400 ");
  }

  @Test
  void acceptsALineAtTheLimitAndRefusesTheNextByte() throws Exception {
    String filler = "a".repeat(HttpLimits.MAX_LINE_BYTES - "X: ".length());

    assertThat(serve("GET /v1/things HTTP/1.1\r\nHost: x\r\nX: " + filler + "\r\n\r\n"))
        .startsWith("HTTP/1.1 200 ");
    assertThat(serve("GET /v1/things HTTP/1.1\r\nHost: x\r\nX: " + filler + "a\r\n\r\n"))
        .startsWith("HTTP/1.1 431 ");
  }

  @Test
  void acceptsHeadersUpToTheLimitAndRefusesOneMore() throws Exception {
    StringBuilder headers = new StringBuilder();
    for (int i = 1; i < HttpLimits.MAX_HEADERS; i++) {
      headers.append("X-").append(i).append(": y\r\n");
    }
    String start = "GET /v1/things HTTP/1.1\r\nHost: x\r\n" + headers;

    assertThat(serve(start + "\r\n")).startsWith("HTTP/1.1 200 ");
    assertThat(serve(start + "One-More: z\r\n\r\n")).startsWith("HTTP/1.1 431 ");
  }

  @Test
  void tellsOfABugWithoutItsInside() throws Exception {
    String answer = serve("GET /v1/bug HTTP/1.1\r\nHost: x\r\n\r\n");

    assertThat(answer).startsWith("HTTP/1.1 500 ").doesNotContain("secret state");
    assertThat(bugs).singleElement().hasToString("java.lang.IllegalStateException: secret state");
  }

  @Test
  void reportsAStreamThatEndsWithinARequest() {
    assertThatThrownBy(() -> serve("GET /v1/things HTTP/1.1\r\nHo"))
        .isInstanceOf(EOFException.class);
    assertThatThrownBy(
            () ->
                serve(
                    "POST /v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        + "Content-Length: 18\r\n\r\n{\"decision\""))
        .isInstanceOf(EOFException.class);
  }

  @Test
  void noticesByAPingThatAFollowerOfEventsIsGone() {
    SilentSource source = new SilentSource();
    router.on("GET", "/v1/events", request -> new HttpResponse.Stream(source));
    OutputStream gone =
        new OutputStream() {
          private int written;

          @Override
          public void write(int value) throws IOException {
            if (++written > 200) {
              throw new IOException("Broken pipe");
            }
          }
        };
    byte[] request = "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.UTF_8);

    assertThatThrownBy(
            () ->
                new HttpConnection(
                        new ByteArrayInputStream(request),
                        gone,
                        router,
                        bugs::add,
                        Duration.ofMillis(1))
                    .serve())
        .isInstanceOf(IOException.class)
        .hasMessage("Broken pipe");
    assertThat(source.closed).isTrue();
  }

  private static final class SilentSource implements EventSource {
    private boolean closed;

    @Override
    public Optional<EventView> next(Duration patience) {
      return Optional.empty();
    }

    @Override
    public boolean ended() {
      return false;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private String serve(String requests) throws IOException, InterruptedException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    new HttpConnection(
            new ByteArrayInputStream(requests.getBytes(StandardCharsets.ISO_8859_1)),
            out,
            router,
            bugs::add)
        .serve();
    return out.toString(StandardCharsets.UTF_8);
  }
}
