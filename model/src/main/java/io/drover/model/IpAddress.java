package io.drover.model;

import java.net.Inet6Address;
import java.net.InetAddress;

/** An IPv4 or IPv6 address, in the one form that {@link #text} gives it; never a name. */
public record IpAddress(String text) implements Comparable<IpAddress> {
  public IpAddress {
    try {
      if (text.indexOf('%') >= 0) {
        throw new IllegalArgumentException("a scope");
      }
      text = InetAddress.ofLiteral(text).getHostAddress();
    } catch (IllegalArgumentException e) {
      throw Problem.usage(
              "bad-address",
              "'%s' is not an IP address".formatted(text),
              "Write one such as 192.0.2.10 or 2001:db8::10, without a prefix length.")
          .asException(e);
    }
  }

  /** Of an address in the form that the network knows it by: 4 or 16 bytes. */
  public static IpAddress of(InetAddress address) {
    return new IpAddress(address.getHostAddress());
  }

  public InetAddress inet() {
    return InetAddress.ofLiteral(text);
  }

  public byte[] bytes() {
    return inet().getAddress();
  }

  public boolean isV6() {
    return inet() instanceof Inet6Address;
  }

  /** This one address as a prefix, such as a host route wants it. */
  public String asPrefix() {
    return text + (isV6() ? "/128" : "/32");
  }

  @Override
  public int compareTo(IpAddress other) {
    return java.util.Arrays.compareUnsigned(bytes(), other.bytes());
  }

  @Override
  public String toString() {
    return text;
  }
}
