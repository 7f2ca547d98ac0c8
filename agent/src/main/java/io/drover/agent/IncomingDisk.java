package io.drover.agent;

import io.drover.chunk.WrittenDisk;
import io.drover.qemu.nbd.BlockDevice;
import io.drover.qemu.nbd.DeviceFeature;
import io.drover.qemu.nbd.Extent;
import io.drover.qemu.nbd.RequestFlags;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A disk that arrives. What has been written is found by name, if that is wanted, and goes to
 * stable storage now and then: the source's mirror ends with a flush, and its guest stands still
 * for as long as that takes.
 */
final class IncomingDisk implements BlockDevice {
  private static final Logger LOG = LoggerFactory.getLogger(IncomingDisk.class);
  private static final long FLUSHED_EACH_BYTES = 32 << 20;

  private final BlockDevice device;
  private final Optional<WrittenDisk> names;
  private final AtomicLong unflushed = new AtomicLong();
  private final AtomicBoolean flushing = new AtomicBoolean();

  IncomingDisk(BlockDevice device, Optional<WrittenDisk> names) {
    this.device = device;
    this.names = names;
  }

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
    int length = content.remaining();
    device.write(offset, data, flags);
    names.ifPresent(
        disk ->
            disk.written(
                offset, content.array(), content.arrayOffset() + content.position(), length));
    flushNowAndThen(length);
  }

  private void flushNowAndThen(int written) {
    if (unflushed.addAndGet(written) >= FLUSHED_EACH_BYTES && flushing.compareAndSet(false, true)) {
      unflushed.set(0);
      Thread.ofVirtual().name("flush").start(this::flushInBackground);
    }
  }

  private void flushInBackground() {
    try {
      device.flush();
    } catch (IOException | RuntimeException e) {
      LOG.debug("an early flush failed; the one that counts will tell", e);
    } finally {
      flushing.set(false);
    }
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
