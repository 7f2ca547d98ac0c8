package io.drover.linux;

import io.drover.model.Problem;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.OptionalInt;

/**
 * A TAP or TUN network device made by this process; unless it is to {@link #persist}, it vanishes
 * from the system when the process ends or {@link #close} is called, whatever network namespace it
 * was moved to meanwhile.
 *
 * <p>Each frame is preceded by ten bytes that say how to cut it up (the kernel's {@code
 * virtio_net_hdr}): a frame read from one device may be written to another as it is. With {@link
 * Offload#SEGMENTS} frames are up to 64 KiB large.
 *
 * <p>Threads: one reader and one writer at the same time. Reading blocks in native code, so give it
 * a platform thread.
 */
public final class TapDevice implements AutoCloseable {
  /** Bytes before each frame. */
  public static final int HEADER_BYTES = 10;

  /** Header, Ethernet header and the largest segment that the kernel hands out. */
  public static final int MAX_FRAME_BYTES = HEADER_BYTES + 18 + 65536;

  /** Whether the kernel may hand out frames larger than the device's MTU. */
  public enum Offload {
    NONE(0),
    /** TUN_F_CSUM, TSO4 and TSO6. */
    SEGMENTS(0x01 | 0x02 | 0x04);

    private final int flags;

    Offload(int flags) {
      this.flags = flags;
    }
  }

  /** What the device carries. */
  public enum Layer {
    /** Ethernet frames (a tap). */
    FRAMES(0x0002),
    /** IP packets (a tun). */
    PACKETS(0x0001);

    private final int flag;

    Layer(int flag) {
      this.flag = flag;
    }
  }

  private static final long TUNSETIFF = 0x400454caL;
  private static final long TUNSETPERSIST = 0x400454cbL;
  private static final long TUNSETOFFLOAD = 0x400454d0L;
  private static final int IFREQ_BYTES = 40;
  private static final int NAME_BYTES = 16;
  private static final int IFF_NO_PI_VNET_HDR = 0x1000 | 0x4000;

  private final String name;
  private final int descriptor;

  private TapDevice(String name, int descriptor) {
    this.name = name;
    this.descriptor = descriptor;
  }

  /** Makes the device in the caller's network namespace; needs CAP_NET_ADMIN there. */
  public static TapDevice create(String name) {
    return create(name, Layer.FRAMES);
  }

  /** Makes the device, or takes up one that was {@link #persist kept} and has no process. */
  public static TapDevice create(String name, Layer layer) {
    if (name.isEmpty() || name.length() >= NAME_BYTES) {
      throw new IllegalArgumentException("interface name '%s'".formatted(name));
    }
    int descriptor = LibC.open("/dev/net/tun", LibC.O_RDWR | LibC.O_NONBLOCK | LibC.O_CLOEXEC);
    if (descriptor < 0) {
      throw Problem.host(
              "no-tun",
              "/dev/net/tun cannot be opened (%s)".formatted(LibC.reason(-descriptor)),
              "Load the kernel module tun and run as root.")
          .asException();
    }
    try (Arena arena = Arena.ofConfined()) {
      // The kernel reads and writes exactly one struct ifreq, which this segment has room for.
      MemorySegment request = arena.allocate(IFREQ_BYTES);
      request.setString(0, name);
      request.set(ValueLayout.JAVA_SHORT, NAME_BYTES, (short) (IFF_NO_PI_VNET_HDR | layer.flag));
      int result = LibC.ioctl(descriptor, TUNSETIFF, request);
      if (result < 0) {
        LibC.close(descriptor);
        throw Problem.host(
                "no-tap",
                "The network device %s cannot be made (%s)".formatted(name, LibC.reason(-result)),
                "Run as root, and check that no device of that name is there.")
            .asException();
      }
    }
    return new TapDevice(name, descriptor);
  }

  public String name() {
    return name;
  }

  /** Lets it outlive this process: what is routed to it meanwhile is dropped, not sent astray. */
  public void persist() {
    int result = LibC.ioctl(descriptor, TUNSETPERSIST, MemorySegment.ofAddress(1));
    if (result < 0) {
      throw new IllegalStateException(
          "%s cannot be kept (%s)".formatted(name, LibC.reason(-result)));
    }
  }

  public void offload(Offload offload) {
    int result = LibC.ioctl(descriptor, TUNSETOFFLOAD, MemorySegment.ofAddress(offload.flags));
    if (result < 0) {
      throw Problem.host(
              "no-offload",
              "The device %s refuses offload %s (%s)"
                  .formatted(name, offload, LibC.reason(-result)),
              "Report the kernel's version.")
          .asException();
    }
  }

  /**
   * Waits for a frame.
   *
   * @return its length with header, or nothing when none came in time
   */
  public OptionalInt read(MemorySegment into, int timeoutMillis) {
    long count = LibC.read(descriptor, into);
    if (count == -LibC.EAGAIN) {
      if (!LibC.readable(descriptor, timeoutMillis)) {
        return OptionalInt.empty();
      }
      count = LibC.read(descriptor, into);
    }
    // EIO: the interface is down; the caller polls again.
    return count > 0 ? OptionalInt.of((int) count) : OptionalInt.empty();
  }

  /** Returns whether the kernel took the frame; it refuses while the interface is down. */
  public boolean write(MemorySegment frame) {
    return LibC.write(descriptor, frame) == frame.byteSize();
  }

  /**
   * Removes the device. No thread may be inside {@link #read} or {@link #write}, or enter later.
   */
  @Override
  public void close() {
    LibC.close(descriptor);
  }
}
