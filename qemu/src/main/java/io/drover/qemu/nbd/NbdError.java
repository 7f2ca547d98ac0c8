package io.drover.qemu.nbd;

/** Why a request failed, as far as the protocol has words for it. */
public enum NbdError {
  NOT_PERMITTED(1, "operation not permitted"),
  INPUT_OUTPUT(5, "input/output error"),
  NO_MEMORY(12, "out of memory"),
  INVALID(22, "invalid request"),
  NO_SPACE(28, "no space left"),
  TOO_LARGE(75, "value too large"),
  NOT_SUPPORTED(95, "operation not supported"),
  SHUTTING_DOWN(108, "the server is shutting down");

  private final int code;
  private final String words;

  NbdError(int code, String words) {
    this.code = code;
    this.words = words;
  }

  public int code() {
    return code;
  }

  String words() {
    return words;
  }

  /** An unknown code counts as an invalid request. */
  public static NbdError ofCode(int code) {
    for (NbdError error : values()) {
      if (error.code == code) {
        return error;
      }
    }
    return INVALID;
  }
}
