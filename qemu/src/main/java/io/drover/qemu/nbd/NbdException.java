package io.drover.qemu.nbd;

import java.io.IOException;

/** What can go wrong between the two ends of an NBD connection. */
public abstract sealed class NbdException extends IOException
    permits NbdErrorException, NbdProtocolException, NbdRefusedException, NbdDisconnectedException {
  private static final long serialVersionUID = 1L;

  NbdException(String message) {
    super(message);
  }

  NbdException(String message, Throwable cause) {
    super(message, cause);
  }
}
