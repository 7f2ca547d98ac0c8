package io.drover.api;

import io.drover.model.Problem;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Finds the handler for a method and a path. A pattern's segments are words or {@code {variable}}.
 * Build it whole, then share it: after the last {@link #on} it does not change.
 */
public final class Router {

  /** Answers a request, or throws a {@link io.drover.model.ProblemException}. */
  @FunctionalInterface
  public interface Handler {
    HttpResponse handle(HttpRequest request) throws InterruptedException;
  }

  /** A method and pattern that something answers. */
  public record Route(String method, String pattern) {}

  private record Entry(Route route, List<String> segments, Handler handler) {}

  private final List<Entry> entries = new ArrayList<>();

  /** Knows no route yet. */
  public Router() {}

  public Router on(String method, String pattern, Handler handler) {
    entries.add(new Entry(new Route(method, pattern), split(pattern), handler));
    return this;
  }

  public List<Route> routes() {
    return entries.stream().map(Entry::route).toList();
  }

  HttpResponse handle(HttpRequest request) throws HttpException, InterruptedException {
    List<String> path = new ArrayList<>();
    for (String segment : split(request.path())) {
      path.add(decode(segment));
    }
    TreeSet<String> allowed = new TreeSet<>();
    for (Entry entry : entries) {
      Optional<Map<String, String>> variables = match(entry.segments(), path);
      if (variables.isPresent()) {
        if (entry.route().method().equals(request.method())) {
          return entry.handler().handle(request.withVariables(variables.get()));
        }
        allowed.add(entry.route().method());
      }
    }
    if (!allowed.isEmpty()) {
      throw new HttpException(
          405,
          "%s does not take %s, but %s"
              .formatted(request.path(), request.method(), String.join(", ", allowed)));
    }
    throw Problem.unknown(
            "no-such-path",
            "There is nothing at '%s'".formatted(request.path()),
            "GET /v1/openapi.yaml lists what there is.")
        .asException();
  }

  private static Optional<Map<String, String>> match(List<String> pattern, List<String> path) {
    if (pattern.size() != path.size()) {
      return Optional.empty();
    }
    Map<String, String> variables = new HashMap<>();
    for (int i = 0; i < pattern.size(); i++) {
      String wanted = pattern.get(i);
      if (wanted.startsWith("{")) {
        variables.put(wanted.substring(1, wanted.length() - 1), path.get(i));
      } else if (!wanted.equals(path.get(i))) {
        return Optional.empty();
      }
    }
    return Optional.of(variables);
  }

  private static List<String> split(String path) {
    return List.of(path.substring(1).split("/", -1));
  }

  static String decode(String text) throws HttpException {
    try {
      // In a path '+' is a plus; URLDecoder would make it a space.
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new HttpException(400, "'%s' is not percent-encoded text".formatted(text));
    }
  }
}
