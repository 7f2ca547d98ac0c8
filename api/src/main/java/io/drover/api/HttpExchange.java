package io.drover.api;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The client's side of one request, on a connection of its own. */
final class HttpExchange implements Closeable {
  private static final int MAX_ANSWER_BYTES = 64 << 20;
  private static final int MAX_LINE_BYTES = 1 << 20;
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 ([1-5][0-9]{2})( .*)?");

  private final ClientConnection connection;
  private final InputStream in;
  private final int status;
  private final Map<String, String> headers = new HashMap<>();

  /** Sends the request and reads the answer up to its body. */
  HttpExchange(ClientConnection.Factory agent, String method, String target, byte[] body)
      throws IOException {
    connection = agent.connect();
    try {
      String head =
          "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n"
              .formatted(
                  method,
                  target,
                  agent.authority(),
                  body.length > 0 ? "Content-Type: application/json\r\n" : "",
                  body.length);
      ByteArrayOutputStream whole = new ByteArrayOutputStream();
      whole.writeBytes(head.getBytes(StandardCharsets.ISO_8859_1));
      whole.writeBytes(body);
      connection.out().write(whole.toByteArray());
      connection.out().flush();
      in = new BufferedInputStream(connection.in());
      Matcher first = STATUS.matcher(line());
      if (!first.matches()) {
        throw new IOException("it does not speak HTTP/1.1");
      }
      status = Integer.parseInt(first.group(1));
      for (String line = line(); !line.isEmpty(); line = line()) {
        int colon = line.indexOf(':');
        if (colon < 1 || headers.size() == HttpLimits.MAX_HEADERS) {
          throw new IOException("its headers are malformed");
        }
        headers.put(
            line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
      }
    } catch (IOException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  int status() {
    return status;
  }

  boolean isJson() {
    return headers.getOrDefault("content-type", "").startsWith("application/json");
  }

  String body() throws IOException {
    String text = headers.getOrDefault("content-length", "");
    if (!text.matches("[0-9]{1,9}")) {
      throw new IOException("its answer has no length");
    }
    int length = Integer.parseInt(text);
    if (length > MAX_ANSWER_BYTES) {
      throw new IOException("its answer of %d bytes is too long".formatted(length));
    }
    byte[] body = in.readNBytes(length);
    if (body.length < length) {
      throw new EOFException("it closed within its answer");
    }
    return new String(body, StandardCharsets.UTF_8);
  }

  /** One line of head or event stream, without its line end. */
  String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        throw new EOFException("it closed the connection");
      }
      if (line.size() == MAX_LINE_BYTES) {
        throw new IOException("it sent a line without an end");
      }
      line.write(next);
    }
    String text = line.toString(StandardCharsets.UTF_8);
    return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
  }

  @Override
  public void close() throws IOException {
    connection.close();
  }
}
