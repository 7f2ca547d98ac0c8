package io.drover.api;

/** What a route answers: a document, or a stream of events that ends with the connection. */
public sealed interface HttpResponse {

  record Document(int status, String contentType, String body) implements HttpResponse {}

  /** The connection closes the source when the stream ends, for whatever reason. */
  record Stream(EventSource source) implements HttpResponse {}

  static HttpResponse json(Object value) {
    return json(200, value);
  }

  static HttpResponse json(int status, Object value) {
    return new Document(status, "application/json", Json.write(value));
  }

  static HttpResponse text(String contentType, String text) {
    return new Document(200, contentType, text);
  }

  static HttpResponse problem(ProblemView problem) {
    return json(problem.problem().kind().httpStatus(), problem);
  }
}
