package io.drover.agent;

import io.drover.qemu.nbd.BlockDevice;
import io.drover.qemu.nbd.DeviceFeature;
import io.drover.qemu.nbd.Extent;
import io.drover.qemu.nbd.RequestFlags;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** A disk in memory that knows which of its sectors were written, zeroes or not. */
class SparseDevice implements BlockDevice {
  static final int SECTOR = 512;

  final byte[] bytes;
  final BitSet written = new BitSet();
  final List<String> requests = new ArrayList<>();
  private final Set<DeviceFeature> features;

  SparseDevice(int size) {
    this(size, EnumSet.of(DeviceFeature.ALLOCATION, DeviceFeature.FLUSH));
  }

  SparseDevice(int size, Set<DeviceFeature> features) {
    bytes = new byte[size];
    this.features = features;
  }

  SparseDevice with(int offset, byte[] content) {
    System.arraycopy(content, 0, bytes, offset, content.length);
    written.set(offset / SECTOR, (offset + content.length + SECTOR - 1) / SECTOR);
    return this;
  }

  @Override
  public long size() {
    return bytes.length;
  }

  @Override
  public Set<DeviceFeature> features() {
    return features;
  }

  @Override
  public synchronized void read(long offset, ByteBuffer target) throws IOException {
    requests.add("read");
    target.put(bytes, (int) offset, target.remaining());
  }

  @Override
  public synchronized void write(long offset, ByteBuffer data, RequestFlags flags)
      throws IOException {
    requests.add("write");
    byte[] content = new byte[data.remaining()];
    data.get(content);
    SparseDevice _ = with((int) offset, content);
  }

  @Override
  public void writeZeroes(long offset, long length, RequestFlags flags) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void trim(long offset, long length, RequestFlags flags) {
    throw new UnsupportedOperationException();
  }

  @Override
  public synchronized void flush() {
    requests.add("flush");
  }

  /** In two halves, as a server may that does not want to say all at once. */
  @Override
  public List<Extent> allocation(long offset, long length) {
    long half = Math.max(SECTOR, length / 2 / SECTOR * SECTOR);
    List<Extent> extents = new ArrayList<>();
    for (long at = offset; at < offset + half; at += SECTOR) {
      extents.add(
          new Extent(
              Math.min(SECTOR, bytes.length - at),
              written.get((int) (at / SECTOR)) ? Extent.State.DATA : Extent.State.HOLE_OF_ZEROES));
    }
    return extents;
  }
}
