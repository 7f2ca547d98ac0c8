package io.drover.qemu.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** A disk in memory that knows what was written to it, and can be made to wait or to fail. */
final class MemoryDevice implements BlockDevice {
  static final int BLOCK = 4096;

  /** Runs before each request is done, on its thread. */
  interface Before {
    void request(Command command, long offset) throws IOException;
  }

  final byte[] bytes;
  final AtomicInteger flushes = new AtomicInteger();
  final AtomicInteger durable = new AtomicInteger();
  volatile Before before = (command, offset) -> {};
  private final BlockSizes sizes;
  private final Set<DeviceFeature> features;
  private final boolean[] allocated;

  MemoryDevice(int size) {
    this(size, BlockSizes.BYTES, all());
  }

  MemoryDevice(int size, BlockSizes sizes, Set<DeviceFeature> features) {
    bytes = new byte[size];
    allocated = new boolean[(size + BLOCK - 1) / BLOCK];
    this.sizes = sizes;
    this.features = features;
  }

  static Set<DeviceFeature> all() {
    return EnumSet.complementOf(EnumSet.of(DeviceFeature.READ_ONLY, DeviceFeature.WRITE_ONLY));
  }

  @Override
  public long size() {
    return bytes.length;
  }

  @Override
  public BlockSizes blockSizes() {
    return sizes;
  }

  @Override
  public Set<DeviceFeature> features() {
    return features;
  }

  @Override
  public void read(long offset, ByteBuffer target) throws IOException {
    before.request(Command.READ, offset);
    target.put(bytes, (int) offset, target.remaining());
  }

  @Override
  public void write(long offset, ByteBuffer data, RequestFlags flags) throws IOException {
    before.request(Command.WRITE, offset);
    note(flags);
    int length = data.remaining();
    data.get(bytes, (int) offset, length);
    allocate(offset, length);
  }

  @Override
  public void writeZeroes(long offset, long length, RequestFlags flags) throws IOException {
    before.request(Command.WRITE_ZEROES, offset);
    note(flags);
    zero(offset, length);
    if (flags.contain(RequestFlags.KEEP_ALLOCATED)) {
      allocate(offset, length);
    }
  }

  @Override
  public void trim(long offset, long length, RequestFlags flags) throws IOException {
    before.request(Command.TRIM, offset);
    note(flags);
    zero(offset, length);
  }

  @Override
  public void flush() throws IOException {
    before.request(Command.FLUSH, 0);
    flushes.incrementAndGet();
  }

  @Override
  public List<Extent> allocation(long offset, long length) throws IOException {
    before.request(Command.BLOCK_STATUS, offset);
    List<Extent> extents = new ArrayList<>();
    for (long at = offset; at < offset + length; ) {
      int block = (int) (at / BLOCK);
      long next = Math.min(offset + length, (block + 1L) * BLOCK);
      extents.add(
          new Extent(
              next - at, allocated[block] ? Extent.State.DATA : Extent.State.HOLE_OF_ZEROES));
      at = next;
    }
    return extents;
  }

  long allocatedBytes() {
    long count = 0;
    for (boolean block : allocated) {
      count += block ? BLOCK : 0;
    }
    return count;
  }

  private void note(RequestFlags flags) {
    if (flags.contain(RequestFlags.DURABLE)) {
      durable.incrementAndGet();
    }
  }

  /** Whole blocks become holes. */
  private void zero(long offset, long length) {
    Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
    for (long block = (offset + BLOCK - 1) / BLOCK;
        (block + 1) * BLOCK <= offset + length;
        block++) {
      allocated[(int) block] = false;
    }
  }

  private void allocate(long offset, long length) {
    for (long block = offset / BLOCK; block * BLOCK < offset + length; block++) {
      allocated[(int) block] = true;
    }
  }
}
