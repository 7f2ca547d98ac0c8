package io.drover.api;

import java.util.Map;
import java.util.Optional;

/**
 * One request, whole and checked.
 *
 * @param path as sent, without the query; it is split and decoded by the {@link Router}
 * @param headers by lower-case name
 * @param body UTF-8, at most {@link HttpLimits#MAX_BODY_BYTES}
 */
public record HttpRequest(
    String method,
    String path,
    Map<String, String> query,
    Map<String, String> headers,
    String body,
    Map<String, String> variables) {

  /** What the route's {@code {name}} matched. */
  public String variable(String name) {
    String value = variables.get(name);
    if (value == null) {
      throw new IllegalStateException("the route has no variable " + name);
    }
    return value;
  }

  Optional<String> header(String lowerCaseName) {
    return Optional.ofNullable(headers.get(lowerCaseName));
  }

  HttpRequest withVariables(Map<String, String> found) {
    return new HttpRequest(method, path, query, headers, body, Map.copyOf(found));
  }

  /** The body as a record; only JSON is taken, which also keeps forms of web pages out. */
  public <T> T json(Class<T> type) {
    return Json.readRequest(body, type);
  }
}
