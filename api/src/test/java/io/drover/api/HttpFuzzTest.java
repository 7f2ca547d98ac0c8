package io.drover.api;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Whatever comes in, the server answers or hangs up; it never fails in another way. */
class HttpFuzzTest {

  @FuzzTest(maxDuration = "20s")
  void neverFailsWithAnythingButTheEndOfTheConnection(byte[] bytes) throws InterruptedException {
    List<RuntimeException> bugs = new ArrayList<>();
    Router router =
        new Router()
            .on("GET", "/v1/things", request -> HttpResponse.json(request.query()))
            .on("GET", "/{one}", request -> HttpResponse.json(List.of(request.variable("one"))))
            .on("POST", "/v1/things", request -> HttpResponse.json(request.json(GuestSpec.class)));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      new HttpConnection(new ByteArrayInputStream(bytes), out, router, bugs::add).serve();
    } catch (IOException endOfConnection) {
      // It ended within a request.
    }
    if (!bugs.isEmpty()) {
      throw new AssertionError(new String(bytes, StandardCharsets.ISO_8859_1), bugs.getFirst());
    }
    if (out.size() > 0 && !out.toString(StandardCharsets.ISO_8859_1).startsWith("HTTP/1.1 ")) {
      throw new AssertionError("answered " + out);
    }
  }
}
