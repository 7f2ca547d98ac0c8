package io.drover.network;

import io.drover.model.IpAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The frames by which a network learns where a guest is now. They are sent in the guest's name, so
 * that one that never speaks first is found too.
 *
 * <p>Switches learn the MAC address's place from any of them. Neighbours that have the IP address
 * in a cache heed gratuitous ARP, some the request and some the answer only, and in IPv6 an
 * unsolicited neighbour advertisement; RARP serves where no address is known.
 */
final class Announcement {
  private static final int MIN_FRAME_BYTES = 60;
  private static final byte[] BROADCAST = {-1, -1, -1, -1, -1, -1};
  private static final byte[] NOBODY = new byte[6];
  private static final byte[] ALL_NODES = {0x33, 0x33, 0, 0, 0, 1};
  private static final byte[] ALL_NODES_ADDRESS = new IpAddress("ff02::1").bytes();
  private static final short ARP = 0x0806;
  private static final short RARP = (short) 0x8035;
  private static final short IPV6 = (short) 0x86dd;
  private static final byte ICMPV6 = 58;
  private static final int TYPE_AT = 12;

  private Announcement() {}

  static List<byte[]> of(GuestPort port) {
    List<byte[]> frames = new ArrayList<>();
    byte[] mac = port.mac();
    frames.add(arp(RARP, 3, mac, new byte[4], mac, new byte[4]));
    for (IpAddress address : port.card().addresses()) {
      frames.addAll(of(address, mac));
    }
    return frames;
  }

  /** Says that {@code mac} has the address. */
  static List<byte[]> of(IpAddress address, byte[] mac) {
    byte[] ip = address.bytes();
    return address.isV6()
        ? List.of(neighbourAdvertisement(ip, mac))
        : List.of(arp(ARP, 1, mac, ip, NOBODY, ip), arp(ARP, 2, mac, ip, BROADCAST, ip));
  }

  static boolean isReverseArp(byte[] frame) {
    return frame.length >= TYPE_AT + 2 && ByteBuffer.wrap(frame).getShort(TYPE_AT) == RARP;
  }

  private static byte[] arp(
      short type, int operation, byte[] mac, byte[] ip, byte[] targetMac, byte[] targetIp) {
    byte[] bytes = new byte[MIN_FRAME_BYTES];
    ByteBuffer frame = begin(bytes, BROADCAST, mac, type);
    frame.putShort((short) 1).putShort((short) 0x0800).put((byte) 6).put((byte) 4);
    frame.putShort((short) operation).put(mac).put(ip).put(targetMac).put(targetIp);
    return bytes;
  }

  private static byte[] neighbourAdvertisement(byte[] ip, byte[] mac) {
    byte[] body = new byte[32];
    ByteBuffer message = ByteBuffer.wrap(body);
    message.put((byte) 136).put((byte) 0).putShort((short) 0);
    message.putInt(0x20000000); // override what is in the cache
    message.put(ip).put((byte) 2).put((byte) 1).put(mac);
    message.putShort(2, checksum(ip, body));
    byte[] bytes = new byte[14 + 40 + body.length];
    ByteBuffer frame = begin(bytes, ALL_NODES, mac, IPV6);
    frame.putInt(0x60000000).putShort((short) 32).put(ICMPV6).put((byte) 255);
    frame.put(ip).put(ALL_NODES_ADDRESS).put(body);
    return bytes;
  }

  /** Over the pseudo-header and the message, whose own checksum is still zero. */
  private static short checksum(byte[] source, byte[] message) {
    ByteBuffer all = ByteBuffer.allocate(40 + message.length);
    all.put(source).put(ALL_NODES_ADDRESS).putInt(message.length).putInt(ICMPV6).put(message);
    long sum = 0;
    for (int i = 0; i < all.capacity(); i += 2) {
      sum += all.getShort(i) & 0xffff;
    }
    while (sum >> 16 != 0) {
      sum = (sum & 0xffff) + (sum >> 16);
    }
    return (short) ~sum;
  }

  private static ByteBuffer begin(byte[] frame, byte[] to, byte[] from, short type) {
    return ByteBuffer.wrap(frame).put(to).put(from).putShort(type);
  }
}
