package io.drover.tunnel;

import io.drover.model.HostName;
import io.drover.model.Problem;
import io.drover.model.ProblemException;
import io.drover.wire.Frames;
import io.drover.wire.Hello;
import io.drover.wire.HelloReply;
import io.drover.wire.Protocol;
import io.drover.wire.Purpose;
import io.drover.wire.WireCodec;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent's one TLS port.
 *
 * <p>Nobody is trusted before three things hold: a certificate of the fleet (checked in the TLS
 * handshake), a hello from the host that the certificate names, and the configuration's permission
 * or a ticket. All of that has to happen within one deadline, and only so many connections may be
 * on their way there at once, so that strangers cost little.
 */
public final class Port implements Closeable {
  static final String HTTP = "http/1.1";
  private static final Logger LOG = LoggerFactory.getLogger(Port.class);

  /**
   * Time and number limits.
   *
   * @param introduction from the accepted connection to the answered hello
   * @param unauthenticated how many connections may be on their way there at once
   */
  public record Limits(
      Duration introduction, int unauthenticated, ControlConnection.Timing control) {
    public static final Limits DEFAULT =
        new Limits(Duration.ofSeconds(10), 64, ControlConnection.Timing.DEFAULT);
  }

  private final ServerSocketChannel listener;
  private final Credentials credentials;
  private final HostName self;
  private final Tickets tickets;
  private final PeerHandler peers;
  private final OperatorHandler operators;
  private final Limits limits;
  private final Semaphore strangers;
  private final Thread acceptor;
  private final Set<TlsChannel> open = ConcurrentHashMap.newKeySet();

  private Port(
      ServerSocketChannel listener,
      Credentials credentials,
      HostName self,
      Tickets tickets,
      PeerHandler peers,
      OperatorHandler operators,
      Limits limits) {
    this.listener = listener;
    this.credentials = credentials;
    this.self = self;
    this.tickets = tickets;
    this.peers = peers;
    this.operators = operators;
    this.limits = limits;
    strangers = new Semaphore(limits.unauthenticated());
    acceptor = Thread.ofVirtual().name("port-accept").unstarted(this::accept);
  }

  /**
   * Listens at {@code address} and serves until {@link #close}.
   *
   * @throws ProblemException if the port is taken, the address is not this host's, or the
   *     certificate is not this host's
   */
  public static Port open(
      InetSocketAddress address,
      Credentials credentials,
      HostName self,
      Tickets tickets,
      PeerHandler peers,
      OperatorHandler operators,
      Limits limits) {
    if (!credentials.identity().equals(Identity.host(self))) {
      throw Problem.usage(
              "wrong-certificate",
              "The certificate is of %s, this is host %s".formatted(credentials.identity(), self),
              "Issue one: 'drover ca issue --host %s'.".formatted(self))
          .asException();
    }
    try {
      ServerSocketChannel listener = ServerSocketChannel.open();
      try {
        listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        listener.bind(address, 128);
      } catch (IOException | RuntimeException e) {
        listener.close();
        throw e;
      }
      Port port = new Port(listener, credentials, self, tickets, peers, operators, limits);
      port.acceptor.start();
      return port;
    } catch (BindException e) {
      throw Problem.host(
              "port-in-use",
              "The port %s:%d cannot be opened: %s"
                  .formatted(address.getHostString(), address.getPort(), e.getMessage()),
              "See who has it with 'ss -tlnp sport = :%d', or change 'listen' in the configuration."
                  .formatted(address.getPort()))
          .asException(e);
    } catch (IOException | RuntimeException e) {
      throw Problem.host(
              "cannot-listen",
              "The port %s cannot be opened: %s".formatted(address, e),
              "Correct 'listen' in the configuration.")
          .asException(e);
    }
  }

  /** Where the port really listens. */
  public InetSocketAddress address() {
    try {
      return (InetSocketAddress) listener.getLocalAddress();
    } catch (IOException e) {
      throw new IllegalStateException("the port is closed", e);
    }
  }

  private void accept() {
    while (listener.isOpen()) {
      try {
        SocketChannel socket = listener.accept();
        if (!listener.isOpen()) {
          socket.close(); // it came while the port was being closed
        } else if (strangers.tryAcquire()) {
          Thread.ofVirtual().name("port-connection").start(() -> serve(socket));
        } else {
          LOG.warn(
              "dropped a connection from {}: {} others are not authenticated yet",
              socket.getRemoteAddress(),
              limits.unauthenticated());
          socket.close();
        }
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        LOG.error("cannot accept a connection", e);
        pause(); // such as too many open files: it will not pass in an instant
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve(SocketChannel socket) {
    Optional<Runnable> introduced = Optional.empty();
    try {
      introduced = introduce(socket);
    } finally {
      strangers.release();
      if (introduced.isEmpty()) {
        closeQuietly(socket);
      }
    }
    if (listener.isOpen()) {
      introduced.ifPresent(Runnable::run);
    } else {
      closeQuietly(socket);
    }
  }

  /** Returns what to do with a connection that has shown who it is and what it may. */
  private Optional<Runnable> introduce(SocketChannel socket) {
    SocketAddress from = remote(socket);
    try (Deadline deadline = new Deadline(limits.introduction(), socket)) {
      try {
        tune(socket);
        TlsChannel channel =
            new TlsChannel(
                socket, credentials.serverEngine(List.of(Protocol.APPLICATION_PROTOCOL, HTTP)));
        channel.handshake();
        Optional<Identity> identity = Identity.of(channel.peerCertificate());
        if (identity.isEmpty()) {
          LOG.warn(
              "refused {}: its certificate ({}) names no drover:// host or operator",
              from,
              channel.peerCertificate().getSubjectX500Principal());
          return Optional.empty();
        }
        return switch (channel.applicationProtocol()) {
          case Protocol.APPLICATION_PROTOCOL -> introducePeer(channel, identity.get());
          case HTTP -> introduceOperator(channel, identity.get());
          default -> {
            LOG.warn("refused {} at {}: it names no protocol", identity.get(), from);
            yield Optional.empty();
          }
        };
      } catch (ProblemException e) {
        LOG.warn("refused {}: {}", from, e.problem());
      } catch (IOException e) {
        LOG.warn(
            "refused {}: {}",
            from,
            deadline.missed()
                ? "it did not introduce itself within %d ms"
                    .formatted(limits.introduction().toMillis())
                : e.toString());
      }
      return Optional.empty();
    }
  }

  private Optional<Runnable> introduceOperator(TlsChannel channel, Identity identity) {
    if (identity.role() != Identity.Role.OPERATOR || !operators.permits(identity.name())) {
      LOG.warn("refused {} at {}: not listed as an operator", identity, channel.remote());
      return Optional.empty();
    }
    return Optional.of(
        () -> {
          open.add(channel);
          try (channel) {
            operators.serve(identity.name(), channel.in(), channel.out());
            channel.shutdownOutput();
          } catch (IOException e) {
            LOG.debug("operator {} left: {}", identity.name(), e.toString());
          } finally {
            open.remove(channel);
          }
        });
  }

  private Optional<Runnable> introducePeer(TlsChannel channel, Identity identity)
      throws IOException {
    byte[] frame =
        Frames.read(channel.in(), Protocol.MAX_HELLO_BYTES)
            .orElseThrow(() -> new EOFException("it left without a hello"));
    Hello hello;
    try {
      hello = WireCodec.decodeHello(frame);
    } catch (ProblemException e) {
      reply(channel, new HelloReply.Refused(e.problem()));
      throw e;
    }
    Optional<Problem> refusal = refusal(identity, hello);
    if (refusal.isPresent()) {
      LOG.warn("refused {} at {}: {}", identity, channel.remote(), refusal.get());
      reply(channel, new HelloReply.Refused(refusal.get()));
      return Optional.empty();
    }
    int version = Protocol.commonVersion("Host " + hello.from(), hello.oldest(), hello.newest());
    reply(channel, new HelloReply.Welcome(version, self));
    return Optional.of(() -> handOver(channel, hello));
  }

  private Optional<Problem> refusal(Identity identity, Hello hello) {
    if (!identity.equals(Identity.host(hello.from()))) {
      return Optional.of(
          Problem.peer(
              "not-who-it-says",
              "The certificate is of %s, the hello of host %s".formatted(identity, hello.from()),
              "Give host %s a certificate of its own: 'drover ca issue --host %s'."
                  .formatted(hello.from(), hello.from())));
    }
    Optional<Problem> refusal = peers.permit(hello.from(), hello.purpose());
    if (refusal.isEmpty() && hello.purpose() instanceof Purpose.Channel channel) {
      return tickets.redeem(hello.from(), channel);
    }
    return refusal;
  }

  private static void reply(TlsChannel channel, HelloReply reply) throws IOException {
    Frames.write(channel.out(), WireCodec.encode(reply));
    if (reply instanceof HelloReply.Refused) {
      channel.shutdownOutput();
    }
  }

  private void handOver(TlsChannel channel, Hello hello) {
    switch (hello.purpose()) {
      case Purpose.Control control ->
          peers.control(
              new ControlConnection(channel, hello.from(), control.migration(), limits.control()));
      case Purpose.Channel purpose -> peers.channel(hello.from(), purpose, channel);
      case Purpose.Redirect() -> hold(channel, () -> peers.redirect(hello.from(), channel));
      case Purpose.Names() -> hold(channel, () -> peers.names(hello.from(), channel));
      case Purpose.Probe() -> {
        open.add(channel);
        try (Deadline _ = new Deadline(LinkProbe.ANSWER_LIMIT, channel);
            channel) {
          LinkProbe.answer(channel);
        } catch (IOException e) {
          LOG.debug("probe of {} ended: {}", hello.from(), e.toString());
        } finally {
          open.remove(channel);
        }
      }
    }
  }

  /** Serves what ends with the port, if not before. */
  private void hold(TlsChannel channel, Runnable serve) {
    open.add(channel);
    try {
      serve.run();
    } finally {
      open.remove(channel);
      closeQuietly(channel);
    }
  }

  static void tune(SocketChannel socket) throws IOException {
    socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
    socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
  }

  private static SocketAddress remote(SocketChannel socket) {
    try {
      return socket.getRemoteAddress();
    } catch (IOException e) {
      return InetSocketAddress.createUnresolved("unknown", 0);
    }
  }

  private static void closeQuietly(Closeable connection) {
    try {
      connection.close();
    } catch (IOException e) {
      LOG.debug("a connection did not close cleanly", e);
    }
  }

  /**
   * Stops listening and ends the operators' connections. Control connections and channels live on:
   * they belong to those they were handed to.
   */
  @Override
  public void close() {
    closeQuietly(listener);
    try {
      acceptor.join(); // only then is the address free again
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    open.forEach(Port::closeQuietly);
  }
}
