package io.drover.api;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Reads requests off a byte stream, one after another. It takes a small, unambiguous part of
 * HTTP/1.1: lines end in CR LF, a body has exactly one {@code Content-Length} and no transfer
 * coding, headers are not folded and, but for a few, not repeated. Two parties can therefore never
 * disagree about where a request ends.
 */
final class HttpRequestReader {
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}");
  private static final Pattern TARGET = Pattern.compile("/[\\x21\\x22\\x24-\\x7e]*");
  private static final Pattern LENGTH = Pattern.compile("[0-9]{1,10}");

  private final InputStream in;
  private final Runnable sendContinue;

  /**
   * @param in buffered
   * @param sendContinue tells the client that its body is welcome
   */
  HttpRequestReader(InputStream in, Runnable sendContinue) {
    this.in = in;
    this.sendContinue = sendContinue;
  }

  /** The next request, or empty at the stream's orderly end. */
  Optional<HttpRequest> read() throws IOException, HttpException {
    Optional<String> first = line("request line");
    if (first.isEmpty()) {
      return Optional.empty();
    }
    String[] words = first.get().split(" ", -1);
    if (words.length != 3 || !TOKEN.matcher(words[0]).matches()) {
      throw new HttpException(400, "The request line is not 'METHOD PATH HTTP/1.1'");
    }
    if (!words[2].equals("HTTP/1.1")) {
      throw new HttpException(
          words[2].startsWith("HTTP/") ? 505 : 400, "Only HTTP/1.1 is spoken here");
    }
    if (!TARGET.matcher(words[1]).matches()) {
      throw new HttpException(400, "The request's target is not a path");
    }
    Map<String, String> headers = headers();
    if (!headers.containsKey("host")) {
      throw new HttpException(400, "The Host header is missing");
    }
    String body = body(headers);
    int mark = words[1].indexOf('?');
    return Optional.of(
        new HttpRequest(
            words[0],
            mark < 0 ? words[1] : words[1].substring(0, mark),
            mark < 0 ? Map.of() : query(words[1].substring(mark + 1)),
            Map.copyOf(headers),
            body,
            Map.of()));
  }

  private Map<String, String> headers() throws IOException, HttpException {
    Map<String, String> headers = new LinkedHashMap<>();
    for (int count = 0; ; count++) {
      String line = line("header").orElseThrow(() -> new EOFException("ended within the headers"));
      if (line.isEmpty()) {
        return headers;
      }
      if (count == HttpLimits.MAX_HEADERS) {
        throw new HttpException(
            431, "There are more than %d headers".formatted(HttpLimits.MAX_HEADERS));
      }
      int colon = line.indexOf(':');
      // Also refuses folded lines and a space before the colon.
      if (colon < 1 || !TOKEN.matcher(line.substring(0, colon)).matches()) {
        throw new HttpException(400, "A header is not 'Name: value'");
      }
      String name = line.substring(0, colon).toLowerCase(Locale.ROOT);
      String value = line.substring(colon + 1).strip();
      if (headers.putIfAbsent(name, value) != null) {
        throw new HttpException(400, "The header '%s' is there twice".formatted(name));
      }
    }
  }

  private String body(Map<String, String> headers) throws IOException, HttpException {
    if (headers.containsKey("transfer-encoding")) {
      throw new HttpException(411, "Send the body with a Content-Length, not with a coding");
    }
    String text = headers.getOrDefault("content-length", "0");
    if (!LENGTH.matcher(text).matches()) {
      throw new HttpException(400, "Content-Length is not a number");
    }
    long length = Long.parseLong(text);
    if (length > HttpLimits.MAX_BODY_BYTES) {
      throw new HttpException(
          413, "The body is larger than %d bytes".formatted(HttpLimits.MAX_BODY_BYTES));
    }
    if (length > 0
        && !headers
            .getOrDefault("content-type", "")
            .toLowerCase(Locale.ROOT)
            .startsWith("application/json")) {
      throw new HttpException(415, "The body's Content-Type must be application/json");
    }
    String expected = headers.getOrDefault("expect", "");
    if (expected.equalsIgnoreCase("100-continue")) {
      if (length > 0) {
        sendContinue.run();
      }
    } else if (!expected.isEmpty()) {
      throw new HttpException(417, "Nothing but 100-continue can be expected");
    }
    byte[] body = in.readNBytes((int) length);
    if (body.length < length) {
      throw new EOFException("ended within the body");
    }
    return new String(body, StandardCharsets.UTF_8);
  }

  private static Map<String, String> query(String text) throws HttpException {
    Map<String, String> query = new HashMap<>();
    for (String pair : text.isEmpty() ? new String[0] : text.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = Router.decode(equals < 0 ? pair : pair.substring(0, equals));
      if (query.put(name, equals < 0 ? "" : Router.decode(pair.substring(equals + 1))) != null) {
        throw new HttpException(400, "The query has '%s' twice".formatted(name));
      }
    }
    return Map.copyOf(query);
  }

  /** One line without its CR LF, or empty when the stream ended before it began. */
  private Optional<String> line(String what) throws IOException, HttpException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(128);
    while (true) {
      int next = in.read();
      if (next < 0) {
        if (line.size() == 0) {
          return Optional.empty();
        }
        throw new EOFException("ended within the " + what);
      }
      if (next == '\r') {
        if (in.read() != '\n') {
          throw new HttpException(400, "A line does not end in CR LF");
        }
        return Optional.of(line.toString(StandardCharsets.ISO_8859_1));
      }
      if ((next < ' ' && next != '\t') || next == 0x7f) {
        throw new HttpException(400, "The %s holds a control character".formatted(what));
      }
      if (line.size() == HttpLimits.MAX_LINE_BYTES) {
        throw new HttpException(
            431, "The %s is longer than %d bytes".formatted(what, HttpLimits.MAX_LINE_BYTES));
      }
      line.write(next);
    }
  }
}
