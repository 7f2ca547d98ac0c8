package io.drover.qemu;

import io.drover.qemu.nbd.BlockDevice;
import io.drover.qemu.nbd.DeviceFeature;
import io.drover.qemu.nbd.Extent;
import java.io.IOException;

/** Which parts of a device may hold anything but zeroes. */
public final class DataRanges {
  private static final long ASKED_AT_ONCE = 1 << 30;

  private DataRanges() {}

  /** Takes ranges in their order; each begins where the one before it ends, or later. */
  @FunctionalInterface
  public interface Taker {
    void range(long offset, long length) throws IOException;
  }

  /** A device that does not know its parts is one of them. */
  public static void of(BlockDevice device, Taker taker) throws IOException {
    if (!device.features().contains(DeviceFeature.ALLOCATION)) {
      if (device.size() > 0) {
        taker.range(0, device.size());
      }
      return;
    }
    long at = 0;
    long begin = 0;
    while (at < device.size()) {
      for (Extent extent : device.allocation(at, Math.min(ASKED_AT_ONCE, device.size() - at))) {
        long end = Math.min(device.size(), at + extent.length());
        if (isZero(extent)) {
          if (begin < at) {
            taker.range(begin, at - begin);
          }
          begin = end;
        }
        at = end;
      }
    }
    if (begin < at) {
      taker.range(begin, at - begin);
    }
  }

  private static boolean isZero(Extent extent) {
    return switch (extent.state()) {
      case ZEROES, HOLE_OF_ZEROES -> true;
      case DATA, HOLE -> false;
    };
  }

  /** How many bytes they have. */
  public static long bytes(BlockDevice device) throws IOException {
    long[] sum = {0};
    of(device, (_, length) -> sum[0] += length);
    return sum[0];
  }
}
