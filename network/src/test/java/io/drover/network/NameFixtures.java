package io.drover.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.GuestName;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
import io.drover.model.NetworkCard;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.xbill.DNS.Message;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;

/** Hosts, guests and questions of the tests of the name service. */
final class NameFixtures {
  static final HostName ALPHA = new HostName("alpha");
  static final HostName BETA = new HostName("beta");
  static final HostName GAMMA = new HostName("gamma");
  static final GuestName WEB = new GuestName("web");
  static final GuestName MAIL = new GuestName("mail");
  static final IpAddress LOOPBACK = new IpAddress("127.0.0.1");

  private NameFixtures() {}

  static NameServiceSettings settings(int port) {
    return new NameServiceSettings(
        List.of("guests.example", "2.0.192.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"),
        List.of(LOOPBACK),
        port,
        Duration.ofSeconds(1));
  }

  static GuestNames names(GuestName guest, long sequence, String name, String... addresses) {
    return new GuestNames(
        guest, sequence, List.of(new GuestNames.Card(name, addresses(addresses))));
  }

  static List<IpAddress> addresses(String... addresses) {
    return Arrays.stream(addresses).map(IpAddress::new).toList();
  }

  static GuestWhereabouts at(GuestName guest, HostName host, long sequence) {
    return new GuestWhereabouts(guest, sequence, host, List.of(), List.of());
  }

  static List<GuestPort> ports(String name, String... addresses) {
    return List.of(
        new GuestPort(
            "dr0",
            new NetworkCard(
                "52:54:00:00:00:0a", "guests", addresses(addresses), Optional.of(name))));
  }

  static int freePort() throws IOException {
    while (true) {
      try (ServerSocket stream = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
          DatagramSocket _ =
              new DatagramSocket(
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), stream.getLocalPort()))) {
        return stream.getLocalPort();
      } catch (java.net.BindException e) {
        // Somebody has the other one of the pair.
      }
    }
  }

  static SimpleResolver resolver(int port) {
    SimpleResolver resolver = new SimpleResolver(new InetSocketAddress(LOOPBACK.inet(), port));
    resolver.setTimeout(Duration.ofSeconds(5));
    return resolver;
  }

  /** A connection whose other end is handed to somebody on a thread of its own. */
  static PeerChannel connect(Consumer<PeerChannel> other) {
    try (ServerSocketChannel listening =
        ServerSocketChannel.open().bind(new InetSocketAddress(LOOPBACK.inet(), 0))) {
      SocketChannel near = SocketChannel.open(listening.getLocalAddress());
      SocketChannel far = listening.accept();
      Thread.ofVirtual().start(() -> other.accept(new SocketPeer(far)));
      return new SocketPeer(near);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void until(String what, Duration limit, BooleanSupplier condition) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** What is answered, without names and times; sorted. */
  static List<String> data(Message answer) {
    return answer.getSection(Section.ANSWER).stream()
        .map(record -> record.rdataToString())
        .sorted()
        .toList();
  }
}
