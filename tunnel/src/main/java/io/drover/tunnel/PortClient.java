package io.drover.tunnel;

import io.drover.model.HostName;
import io.drover.model.MigrationId;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.wire.Frames;
import io.drover.wire.Hello;
import io.drover.wire.HelloReply;
import io.drover.wire.Protocol;
import io.drover.wire.Purpose;
import io.drover.wire.WireCodec;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;

/** Opens connections to other agents' ports. Safe for all threads. */
public final class PortClient {
  private final Credentials credentials;
  private final HostName self;
  private final Limits limits;

  /**
   * Time limits.
   *
   * @param connect for TCP's handshake
   * @param introduction for TLS's handshake and the hello, together
   */
  public record Limits(Duration connect, Duration introduction, ControlConnection.Timing control) {
    public static final Limits DEFAULT =
        new Limits(Duration.ofSeconds(5), Duration.ofSeconds(10), ControlConnection.Timing.DEFAULT);
  }

  public PortClient(Credentials credentials, HostName self, Limits limits) {
    this.credentials = credentials;
    this.self = self;
    this.limits = limits;
  }

  /**
   * Opens a control connection, not started yet.
   *
   * @throws ProblemException {@code unreachable}, {@code no-handshake}, {@code wrong-host}, or what
   *     the peer refused it with
   */
  public ControlConnection control(
      HostName peer, InetSocketAddress address, MigrationId migration) {
    TlsChannel channel = connect(peer, address, new Purpose.Control(migration));
    return new ControlConnection(channel, peer, migration, limits.control());
  }

  /** Opens a channel of a migration; throws as {@link #control} does. */
  public TlsChannel channel(HostName peer, InetSocketAddress address, Purpose.Channel channel) {
    return connect(peer, address, channel);
  }

  /** Opens a connection for packets of guests that moved; throws as {@link #control} does. */
  public TlsChannel redirect(HostName peer, InetSocketAddress address) {
    return connect(peer, address, new Purpose.Redirect());
  }

  /**
   * Opens a connection over which a peer tells which guests it has; throws as {@link #control}
   * does.
   */
  public TlsChannel names(HostName peer, InetSocketAddress address) {
    return connect(peer, address, new Purpose.Names());
  }

  /** Measures the link to a peer; throws as {@link #control} does. */
  public LinkSpeed probe(HostName peer, InetSocketAddress address) {
    try (TlsChannel channel = connect(peer, address, new Purpose.Probe());
        Deadline _ = new Deadline(LinkProbe.ANSWER_LIMIT, channel)) {
      return LinkProbe.measure(channel);
    } catch (IOException e) {
      throw Problem.peer(
              "probe-failed",
              "The link to host %s could not be measured: %s".formatted(peer, e.getMessage()),
              "Check the link and try again.")
          .asException(e);
    }
  }

  private TlsChannel connect(HostName peer, InetSocketAddress address, Purpose purpose) {
    SocketChannel socket = connect(peer, address);
    Optional<TlsChannel> done = Optional.empty();
    try (Deadline deadline = new Deadline(limits.introduction(), socket)) {
      try {
        done = Optional.of(introduce(socket, peer, address, purpose));
        return done.get();
      } catch (IOException e) {
        throw noHandshake(peer, address, deadline, e).asException(e);
      }
    } finally {
      if (done.isEmpty()) {
        closeQuietly(socket);
      }
    }
  }

  private Problem noHandshake(
      HostName peer, InetSocketAddress address, Deadline deadline, IOException e) {
    if (deadline.missed()) {
      return Problem.peer(
          "no-answer",
          "Host %s at %s did not answer within %d ms"
              .formatted(peer, address, limits.introduction().toMillis()),
          "Check that its agent runs and is not overloaded.");
    }
    String remedy =
        e instanceof SSLException
            ? "Both hosts need certificates of the same authority that have not expired."
            : "Check that an agent listens there; its log says why it ended the connection.";
    return Problem.peer(
        "no-handshake",
        "Host %s at %s ended the connection: %s".formatted(peer, address, e.getMessage()),
        remedy);
  }

  private SocketChannel connect(HostName peer, InetSocketAddress address) {
    Optional<SocketChannel> opened = Optional.empty();
    try {
      SocketChannel socket = SocketChannel.open();
      opened = Optional.of(socket);
      if (address.isUnresolved()) {
        throw new IOException("the name has no address");
      }
      Port.tune(socket);
      socket.socket().connect(address, Math.toIntExact(limits.connect().toMillis()));
      return socket;
    } catch (IOException e) {
      opened.ifPresent(PortClient::closeQuietly);
      throw Problem.peer(
              "unreachable",
              "Host %s cannot be reached at %s: %s".formatted(peer, address, e.getMessage()),
              "Check that its agent runs, its address in the configuration, and the firewall.")
          .asException(e);
    }
  }

  private TlsChannel introduce(
      SocketChannel socket, HostName peer, InetSocketAddress address, Purpose purpose)
      throws IOException {
    TlsChannel channel =
        new TlsChannel(socket, credentials.clientEngine(List.of(Protocol.APPLICATION_PROTOCOL)));
    channel.handshake();
    // The name in the certificate counts, not the address: hosts keep their names when they move.
    Optional<Identity> identity = Identity.of(channel.peerCertificate());
    if (!identity.equals(Optional.of(Identity.host(peer)))) {
      throw Problem.peer(
              "wrong-host",
              "%s is %s, not host %s"
                  .formatted(
                      address, identity.map(Identity::toString).orElse("no Drover host"), peer),
              "Correct the peer's address in the configuration.")
          .asException();
    }
    Hello hello = new Hello(Protocol.OLDEST, Protocol.NEWEST, self, purpose);
    Frames.write(channel.out(), WireCodec.encode(hello));
    byte[] frame =
        Frames.read(channel.in(), Protocol.MAX_HELLO_BYTES)
            .orElseThrow(() -> new EOFException("it did not answer the hello"));
    return switch (WireCodec.decodeHelloReply(frame)) {
      case HelloReply.Welcome(int version, HostName from) -> {
        Protocol.commonVersion("Host " + from, version, version);
        yield channel;
      }
      case HelloReply.Refused(Problem problem) -> throw problem.asException();
    };
  }

  private static void closeQuietly(SocketChannel socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new IllegalStateException("a socket that does not close", e);
    }
  }
}
