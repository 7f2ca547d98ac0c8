package io.drover.qemu.nbd;

import java.util.Optional;

/**
 * A write that its device does piece by piece, in any order. The first of several errors counts.
 */
final class WriteInPieces {
  private int missing;
  private Optional<NbdErrorException> failure = Optional.empty();

  WriteInPieces(int pieces) {
    missing = pieces;
  }

  /** One more has ended; true for the last. */
  synchronized boolean ended(Optional<NbdErrorException> error) {
    failure = failure.or(() -> error);
    missing--;
    return missing == 0;
  }

  /** Why the whole has failed, if so; known once the last piece has ended. */
  synchronized Optional<NbdErrorException> failure() {
    return failure;
  }
}
