package io.drover.qemu.nbd;

/** A server does not offer what was asked for, such as an export of that name. */
public final class NbdRefusedException extends NbdException {
  private static final long serialVersionUID = 1L;

  NbdRefusedException(String message) {
    super(message);
  }
}
