package io.drover.qemu.nbd;

/**
 * The connection ended before a request was answered: it may have been done, or in part, or not.
 */
public final class NbdDisconnectedException extends NbdException {
  private static final long serialVersionUID = 1L;

  NbdDisconnectedException(String message, Throwable cause) {
    super(message, cause);
  }
}
