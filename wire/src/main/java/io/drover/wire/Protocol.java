package io.drover.wire;

import io.drover.model.Problem;

/** The protocol's versions and limits; docs/protocol.md says the same in words. */
public final class Protocol {
  /** The oldest version this build speaks. */
  public static final int OLDEST = 2;

  /** The newest version this build speaks. */
  public static final int NEWEST = 2;

  /** What agents name in TLS (ALPN) when they mean this protocol. */
  public static final String APPLICATION_PROTOCOL = "drover/1";

  /** The largest frame, without its own four bytes of length. */
  public static final int MAX_FRAME_BYTES = 1 << 20;

  /** The largest hello or answer to one: both are read before anything is permitted. */
  public static final int MAX_HELLO_BYTES = 16 << 10;

  static final int MAX_LIST = 64;
  static final int MAX_TEXT_BYTES = 4 << 10;
  static final int MAX_COMMAND_LINE_BYTES = 16 << 10;

  private Protocol() {}

  /**
   * The newest version that both sides speak.
   *
   * @throws io.drover.model.ProblemException {@code no-common-version}, naming both ranges
   */
  public static int commonVersion(String peer, int oldest, int newest) {
    int version = Math.min(newest, NEWEST);
    if (oldest > newest || version < Math.max(oldest, OLDEST)) {
      String whose = newest < OLDEST ? peer : "this host";
      throw Problem.peer(
              "no-common-version",
              "%s speaks protocol versions %d to %d, this host %d to %d"
                  .formatted(peer, oldest, newest, OLDEST, NEWEST),
              "Update Drover on %s.".formatted(whose))
          .asException();
    }
    return version;
  }

  /** The peer said something that this protocol does not allow. */
  static Problem violation(String message) {
    return Problem.peer(
        "protocol-error", message, "Run the same release of Drover on both hosts and try again.");
  }
}
