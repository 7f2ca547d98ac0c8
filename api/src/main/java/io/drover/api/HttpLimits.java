package io.drover.api;

/** What a request may take before it is refused; checked before memory is. */
public final class HttpLimits {
  public static final int MAX_LINE_BYTES = 8 << 10;
  public static final int MAX_HEADERS = 64;
  public static final int MAX_BODY_BYTES = 1 << 20;

  private HttpLimits() {}
}
