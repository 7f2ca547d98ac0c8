package io.drover.api;

/** The bytes are not a request this server takes; the connection ends after the answer. */
final class HttpException extends Exception {
  private static final long serialVersionUID = 1L;
  private final int status;

  HttpException(int status, String message) {
    super(message);
    this.status = status;
  }

  int status() {
    return status;
  }
}
