package io.drover.qemu.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;

/**
 * A disk as NBD knows it. Many threads call it at once, and requests may take as long as they need
 * and end in any order. A request that returns is done; whoever asks for two that overlap waits for
 * the first before the second. Requests are within the device, fit its block sizes and ask only for
 * what its features say.
 *
 * <p>Failures are {@link NbdErrorException}s, or any other I/O failure, which a client is told of
 * as an input/output error. A thread that waits here may be interrupted, when nobody wants the
 * answer any more, and then soon ends.
 */
public interface BlockDevice {
  /** In bytes; never changes. */
  long size();

  default BlockSizes blockSizes() {
    return BlockSizes.BYTES;
  }

  Set<DeviceFeature> features();

  /** Fills what remains of a buffer, which is the device's until this returns. */
  void read(long offset, ByteBuffer target) throws IOException;

  /** Writes what remains of a buffer. Nobody changes what is in it any more, so it may be kept. */
  void write(long offset, ByteBuffer data, RequestFlags flags) throws IOException;

  /** Has a range read as zeroes. */
  void writeZeroes(long offset, long length, RequestFlags flags) throws IOException;

  /** Says that nobody needs what is in a range. */
  void trim(long offset, long length, RequestFlags flags) throws IOException;

  /** Returns once all that was done before it was called is on stable storage. */
  void flush() throws IOException;

  /**
   * What a range consists of, from its beginning: at least one extent; they may end before it does.
   */
  List<Extent> allocation(long offset, long length) throws IOException;
}
