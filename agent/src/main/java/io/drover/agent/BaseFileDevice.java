package io.drover.agent;

import io.drover.qemu.nbd.BlockDevice;
import io.drover.qemu.nbd.DeviceFeature;
import io.drover.qemu.nbd.Extent;
import io.drover.qemu.nbd.NbdError;
import io.drover.qemu.nbd.NbdErrorException;
import io.drover.qemu.nbd.RequestFlags;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A base that arrives, as a raw image that was made for it and has its size already. The guest's
 * QEMU has the image open below the guest's disk, which it does not write to while this is written.
 */
final class BaseFileDevice implements BlockDevice, Closeable {
  private final FileChannel file;
  private final long size;

  BaseFileDevice(Path image) throws IOException {
    file = FileChannel.open(image, StandardOpenOption.WRITE);
    size = file.size();
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Set<DeviceFeature> features() {
    return EnumSet.of(DeviceFeature.FLUSH, DeviceFeature.WRITE_ZEROES);
  }

  @Override
  public void read(long offset, ByteBuffer target) throws IOException {
    throw new NbdErrorException(NbdError.NOT_SUPPORTED, "a base under way is not read from here");
  }

  @Override
  public void write(long offset, ByteBuffer data, RequestFlags flags) throws IOException {
    long at = offset;
    while (data.hasRemaining()) {
      at += file.write(data, at);
    }
  }

  /** The file was made for this, and a base never changes: where zeroes belong there are some. */
  @Override
  public void writeZeroes(long offset, long length, RequestFlags flags) {}

  @Override
  public void trim(long offset, long length, RequestFlags flags) throws IOException {
    throw new NbdErrorException(NbdError.NOT_SUPPORTED, "nothing of a base is given up");
  }

  @Override
  public void flush() throws IOException {
    file.force(true);
  }

  @Override
  public List<Extent> allocation(long offset, long length) throws IOException {
    throw new NbdErrorException(NbdError.NOT_SUPPORTED, "a base under way is not read from here");
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
