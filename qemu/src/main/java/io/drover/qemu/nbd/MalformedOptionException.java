package io.drover.qemu.nbd;

import java.io.Serial;

/** An option's data is not what the protocol says it is; that option is refused, no more. */
final class MalformedOptionException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  MalformedOptionException(String message) {
    super(message);
  }
}
