package io.drover.chunk;

/** Who may be given what a source holds. */
public enum Visibility {
  /** Only guests of the same owner: even that a host holds something would tell others. */
  OWNER(0),
  /** Everybody. */
  PUBLIC(1);

  private final int code;

  Visibility(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
