package io.drover.linux;

import io.drover.model.Problem;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Sends whole Ethernet frames out of one network interface, in whose name it likes, and may get
 * those that come in. Safe for all threads: a frame is one system call, which does not block; but
 * {@link #close} only when no thread is inside any more.
 */
public final class PacketSocket implements AutoCloseable {
  private static final int AF_PACKET = 17;
  private static final int SOCK_RAW_NONBLOCK_CLOEXEC = 3 | LibC.O_NONBLOCK | LibC.O_CLOEXEC;
  private static final long SIOCGIFINDEX = 0x8933;
  private static final int IFREQ_BYTES = 40;
  private static final int NAME_BYTES = 16;
  private static final int SOCKADDR_LL_BYTES = 20;
  private static final int SOL_PACKET = 263;
  private static final int PACKET_IGNORE_OUTGOING = 23;
  private static final int NO_TYPE = 0;
  private static final int EVERY_TYPE = 3;
  private static final int HEARD_BYTES = 64;

  private final String interfaceName;
  private final int descriptor;

  private PacketSocket(String interfaceName, int descriptor) {
    this.interfaceName = interfaceName;
    this.descriptor = descriptor;
  }

  /**
   * Opens one that only sends, on an interface of the caller's network namespace; needs
   * CAP_NET_RAW.
   */
  public static PacketSocket open(String interfaceName) {
    return open(interfaceName, NO_TYPE);
  }

  /** Opens one that also gets all that comes in, but not what is sent out of the interface. */
  public static PacketSocket listening(String interfaceName) {
    return open(interfaceName, EVERY_TYPE, true);
  }

  /** Opens one that also gets what comes in with this Ethernet type. */
  public static PacketSocket open(String interfaceName, int etherType) {
    return open(interfaceName, etherType, false);
  }

  private static PacketSocket open(String interfaceName, int etherType, boolean withoutOutgoing) {
    if (interfaceName.isEmpty() || interfaceName.length() >= NAME_BYTES) {
      throw new IllegalArgumentException("interface name '%s'".formatted(interfaceName));
    }
    // Protocol 0: it receives nothing, unless it is bound to a type.
    int descriptor = LibC.socket(AF_PACKET, SOCK_RAW_NONBLOCK_CLOEXEC, 0);
    if (descriptor < 0) {
      throw failed(interfaceName, -descriptor);
    }
    try (Arena arena = Arena.ofConfined()) {
      // The kernel reads and writes exactly one struct ifreq, and reads one sockaddr_ll.
      MemorySegment request = arena.allocate(IFREQ_BYTES);
      request.setString(0, interfaceName);
      int result = LibC.ioctl(descriptor, SIOCGIFINDEX, request);
      if (result >= 0 && withoutOutgoing) {
        // From the moment that it is bound it gets everything that it does not ignore by then.
        result = LibC.setIntOption(descriptor, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
      }
      if (result >= 0) {
        MemorySegment address = arena.allocate(SOCKADDR_LL_BYTES, 4);
        address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_PACKET);
        address.set(ValueLayout.JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN), 2, (short) etherType);
        address.set(ValueLayout.JAVA_INT, 4, request.get(ValueLayout.JAVA_INT, NAME_BYTES));
        result = LibC.bind(descriptor, address);
      }
      if (result < 0) {
        LibC.close(descriptor);
        throw failed(interfaceName, -result);
      }
    }
    return new PacketSocket(interfaceName, descriptor);
  }

  private static RuntimeException failed(String interfaceName, int errno) {
    return Problem.host(
            "no-packet-socket",
            "No frames can be sent or got on %s (%s)".formatted(interfaceName, LibC.reason(errno)),
            "Run the agent as root, and check that the interface is there and up.")
        .asException();
  }

  public void send(byte[] frame) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(frame.length);
      bytes.copyFrom(MemorySegment.ofArray(frame));
      long result = LibC.write(descriptor, bytes);
      if (result < 0) {
        throw failed(interfaceName, (int) -result);
      }
    }
  }

  /**
   * Waits for a frame. Blocks in native code, so give it a platform thread.
   *
   * @return its length, cut off at that of the segment; nothing when none came in time
   */
  public OptionalInt receive(MemorySegment into, int timeoutMillis) {
    if (!LibC.readable(descriptor, timeoutMillis)) {
      return OptionalInt.empty();
    }
    long count = LibC.read(descriptor, into);
    if (count == -LibC.EAGAIN) {
      return OptionalInt.empty();
    }
    if (count < 0) {
      throw failed(interfaceName, (int) -count);
    }
    return OptionalInt.of((int) count);
  }

  /** The beginning of the next frame that comes in, if one does in time. */
  public Optional<byte[]> hear(Duration limit) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(HEARD_BYTES);
      OptionalInt count = receive(bytes, Math.toIntExact(limit.toMillis()));
      return count.isEmpty()
          ? Optional.empty()
          : Optional.of(bytes.asSlice(0, count.getAsInt()).toArray(ValueLayout.JAVA_BYTE));
    }
  }

  @Override
  public void close() {
    LibC.close(descriptor);
  }
}
