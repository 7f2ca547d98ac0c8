package io.drover.tunnel;

/**
 * Sees the bytes of one direction of a {@link Relay} in order, before they go on. Called on the
 * relay's own thread: whatever it does slows the relay down. It must not keep the array; what it
 * changes of its bytes in place goes on changed.
 */
@FunctionalInterface
public interface ByteTap {
  void bytes(byte[] buffer, int offset, int length);
}
