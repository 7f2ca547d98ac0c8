package io.drover.qemu.nbd;

import java.time.Duration;

/**
 * What one connection may take, besides memory.
 *
 * @param requests how many are in flight at most; more are left in the socket
 * @param handshake how long a peer may take to begin
 */
public record NbdLimits(int requests, Duration handshake) {
  /** QEMU has at most 16 requests in flight. */
  public static final NbdLimits DEFAULT = new NbdLimits(64, Duration.ofSeconds(10));

  public NbdLimits {
    if (requests < 1) {
      throw new IllegalArgumentException(requests + " requests");
    }
    if (!handshake.isPositive()) {
      throw new IllegalArgumentException("a handshake within " + handshake);
    }
  }
}
