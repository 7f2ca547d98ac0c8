package io.drover.wire;

import java.util.Arrays;

/** Bytes inside a message that the protocol carries and does not look into. */
public final class Blob {
  /** So many fit into a frame with room to spare. */
  public static final int MAX_BYTES = Protocol.MAX_FRAME_BYTES - 1024;

  private final byte[] bytes;

  public Blob(byte[] bytes) {
    if (bytes.length > MAX_BYTES) {
      throw new IllegalArgumentException(
          "%d bytes where at most %d are allowed".formatted(bytes.length, MAX_BYTES));
    }
    this.bytes = bytes.clone();
  }

  public byte[] bytes() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Blob blob && Arrays.equals(bytes, blob.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return bytes.length + " bytes";
  }
}
