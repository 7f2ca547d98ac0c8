package io.drover.qemu.nbd;

import java.time.Duration;

/**
 * What one connection may take.
 *
 * @param requests how many are in flight at most; more are left in the socket
 * @param bytes what a server's requests in flight may occupy together, in buffers outside of the
 *     heap
 * @param handshake how long a peer may take to begin
 */
public record NbdLimits(int requests, long bytes, Duration handshake) {
  /** QEMU has at most 16 requests in flight, and a mirror's are of a megabyte. */
  public static final NbdLimits DEFAULT = new NbdLimits(64, 64L << 20, Duration.ofSeconds(10));

  public NbdLimits {
    if (requests < 1) {
      throw new IllegalArgumentException(requests + " requests");
    }
    if (bytes < Nbd.MAX_PAYLOAD_BYTES) {
      throw new IllegalArgumentException(bytes + " bytes do not hold the largest request");
    }
    if (!handshake.isPositive()) {
      throw new IllegalArgumentException("a handshake within " + handshake);
    }
  }
}
