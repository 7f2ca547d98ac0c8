package io.drover.qemu.nbd;

/** One request failed; the connection goes on. */
public final class NbdErrorException extends NbdException {
  private static final long serialVersionUID = 1L;

  private final NbdError error;

  public NbdErrorException(NbdError error, String message) {
    super(message);
    this.error = error;
  }

  public NbdError error() {
    return error;
  }
}
