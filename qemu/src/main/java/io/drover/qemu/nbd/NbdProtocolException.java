package io.drover.qemu.nbd;

/** The peer said what the protocol does not allow; the connection is of no use any more. */
public final class NbdProtocolException extends NbdException {
  private static final long serialVersionUID = 1L;

  NbdProtocolException(String message) {
    super(message);
  }
}
