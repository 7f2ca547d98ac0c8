package io.drover.network;

import io.drover.model.IpAddress;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * Which packets a peer may bring in: those from its guests that lived here, and those for guests
 * here that lived there. Being a host of the fleet is no licence to speak for others.
 */
final class PacketFilter {
  private volatile Set<ByteBuffer> sources = Set.of();
  private volatile Set<ByteBuffer> destinations = Set.of();

  void sources(Collection<IpAddress> addresses) {
    sources = keys(addresses);
  }

  void destinations(Collection<IpAddress> addresses) {
    destinations = keys(addresses);
  }

  private static Set<ByteBuffer> keys(Collection<IpAddress> addresses) {
    Set<ByteBuffer> keys = new HashSet<>();
    addresses.forEach(address -> keys.add(ByteBuffer.wrap(address.bytes())));
    return Set.copyOf(keys);
  }

  /** Whether it may come in; {@code at} is where the IP header begins. */
  boolean lets(byte[] bytes, int at, int length) {
    if (length <= at) {
      return false;
    }
    int version = (bytes[at] & 0xff) >> 4;
    if (version == 4 && length >= at + 20) {
      return lets(bytes, at + 12, at + 16, 4);
    }
    return version == 6 && length >= at + 40 && lets(bytes, at + 8, at + 24, 16);
  }

  private boolean lets(byte[] bytes, int source, int destination, int size) {
    return sources.contains(ByteBuffer.wrap(bytes, source, size))
        || destinations.contains(ByteBuffer.wrap(bytes, destination, size));
  }
}
