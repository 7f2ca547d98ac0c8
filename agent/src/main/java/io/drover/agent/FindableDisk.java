package io.drover.agent;

import io.drover.chunk.WrittenDisk;
import io.drover.qemu.nbd.BlockDevice;
import io.drover.qemu.nbd.DeviceFeature;
import io.drover.qemu.nbd.Extent;
import io.drover.qemu.nbd.RequestFlags;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;

/** A disk that arrives, of which this host can give by name what has been written. */
record FindableDisk(BlockDevice device, WrittenDisk names) implements BlockDevice {
  @Override
  public long size() {
    return device.size();
  }

  @Override
  public Set<DeviceFeature> features() {
    return device.features();
  }

  @Override
  public void read(long offset, ByteBuffer target) throws IOException {
    device.read(offset, target);
  }

  @Override
  public void write(long offset, ByteBuffer data, RequestFlags flags) throws IOException {
    ByteBuffer content = data.duplicate();
    device.write(offset, data, flags);
    names.written(
        offset, content.array(), content.arrayOffset() + content.position(), content.remaining());
  }

  @Override
  public void writeZeroes(long offset, long length, RequestFlags flags) throws IOException {
    device.writeZeroes(offset, length, flags);
  }

  @Override
  public void trim(long offset, long length, RequestFlags flags) throws IOException {
    device.trim(offset, length, flags);
  }

  @Override
  public void flush() throws IOException {
    device.flush();
  }

  @Override
  public List<Extent> allocation(long offset, long length) throws IOException {
    return device.allocation(offset, length);
  }
}
