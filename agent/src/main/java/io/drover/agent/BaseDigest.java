package io.drover.agent;

import io.drover.qemu.DataRanges;
import io.drover.qemu.nbd.BlockDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The digest of all that is to be seen of an image: equal digests, equal bytes and sizes. Zeroes
 * are left out wherever they are, so that it does not matter which of them an image has written
 * down. Two agents compare it: docs/protocol.md has its definition.
 */
final class BaseDigest {
  private static final int BLOCK_BYTES = 64 << 10;
  private static final int READ_BLOCKS = 16;

  private final BlockDevice device;
  private final MessageDigest sha256;
  private final ByteBuffer buffer = ByteBuffer.allocate(READ_BLOCKS * BLOCK_BYTES);
  private final ByteBuffer number = ByteBuffer.allocate(Long.BYTES);
  private long next;

  private BaseDigest(BlockDevice device) {
    this.device = device;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** In hexadecimal digits. */
  static String of(BlockDevice device) throws IOException {
    BaseDigest digest = new BaseDigest(device);
    digest.add(device.size());
    DataRanges.of(device, digest::range);
    return HexFormat.of().formatHex(digest.sha256.digest());
  }

  /** Whole blocks, each once, whatever ranges it is in. */
  private void range(long offset, long length) throws IOException {
    long end = (offset + length + BLOCK_BYTES - 1) / BLOCK_BYTES;
    next = Math.max(next, offset / BLOCK_BYTES);
    while (next < end) {
      long blocks = Math.min(READ_BLOCKS, end - next);
      long at = next * BLOCK_BYTES;
      buffer.clear().limit((int) Math.min(blocks * BLOCK_BYTES, device.size() - at));
      device.read(at, buffer);
      for (int block = 0; block < blocks; block++) {
        block(next + block, block * BLOCK_BYTES);
      }
      next += blocks;
    }
  }

  private void block(long index, int at) {
    int length = Math.min(BLOCK_BYTES, buffer.limit() - at);
    if (!isZero(at, length)) {
      add(index);
      sha256.update(buffer.array(), at, length);
    }
  }

  private boolean isZero(int at, int length) {
    // The first byte is zero and each equals the one before it.
    byte[] bytes = buffer.array();
    return bytes[at] == 0 && Arrays.equals(bytes, at, at + length - 1, bytes, at + 1, at + length);
  }

  private void add(long value) {
    sha256.update(number.clear().putLong(value).array());
  }
}
