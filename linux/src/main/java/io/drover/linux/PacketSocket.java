package io.drover.linux;

import io.drover.model.Problem;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Sends whole Ethernet frames out of one network interface, in whose name it likes. Safe for all
 * threads: a frame is one system call, which does not block.
 */
public final class PacketSocket implements AutoCloseable {
  private static final int AF_PACKET = 17;
  private static final int SOCK_RAW_NONBLOCK_CLOEXEC = 3 | LibC.O_NONBLOCK | LibC.O_CLOEXEC;
  private static final long SIOCGIFINDEX = 0x8933;
  private static final int IFREQ_BYTES = 40;
  private static final int NAME_BYTES = 16;
  private static final int SOCKADDR_LL_BYTES = 20;

  private final String interfaceName;
  private final int descriptor;

  private PacketSocket(String interfaceName, int descriptor) {
    this.interfaceName = interfaceName;
    this.descriptor = descriptor;
  }

  /** Opens one on an interface of the caller's network namespace; needs CAP_NET_RAW. */
  public static PacketSocket open(String interfaceName) {
    if (interfaceName.isEmpty() || interfaceName.length() >= NAME_BYTES) {
      throw new IllegalArgumentException("interface name '%s'".formatted(interfaceName));
    }
    // Protocol 0: it sends and never receives.
    int descriptor = LibC.socket(AF_PACKET, SOCK_RAW_NONBLOCK_CLOEXEC, 0);
    if (descriptor < 0) {
      throw failed(interfaceName, -descriptor);
    }
    try (Arena arena = Arena.ofConfined()) {
      // The kernel reads and writes exactly one struct ifreq, and reads one sockaddr_ll.
      MemorySegment request = arena.allocate(IFREQ_BYTES);
      request.setString(0, interfaceName);
      int result = LibC.ioctl(descriptor, SIOCGIFINDEX, request);
      if (result >= 0) {
        MemorySegment address = arena.allocate(SOCKADDR_LL_BYTES, 4);
        address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_PACKET);
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
            "No frames can be sent on %s (%s)".formatted(interfaceName, LibC.reason(errno)),
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

  @Override
  public void close() {
    LibC.close(descriptor);
  }
}
