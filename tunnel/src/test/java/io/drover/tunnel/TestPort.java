package io.drover.tunnel;

import io.drover.model.HostName;
import io.drover.model.Problem;
import io.drover.wire.Purpose;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;

/** A port of host beta on loopback that permits alpha and records what gets through. */
final class TestPort implements PeerHandler, OperatorHandler, AutoCloseable {
  static final HostName ALPHA = new HostName("alpha");
  static final HostName BETA = new HostName("beta");
  static final ControlConnection.Timing FAST =
      new ControlConnection.Timing(Duration.ofMillis(50), Duration.ofMillis(1000));

  final Set<HostName> permitted = ConcurrentHashMap.newKeySet();
  final BlockingQueue<ControlConnection> controls = new LinkedBlockingQueue<>();
  final BlockingQueue<TlsChannel> channels = new LinkedBlockingQueue<>();
  final BlockingQueue<TlsChannel> redirects = new LinkedBlockingQueue<>();
  final BlockingQueue<String> operators = new LinkedBlockingQueue<>();
  final Tickets tickets = new Tickets(new SecureRandom(), Duration.ofMinutes(1));
  final Port port;

  TestPort(Credentials credentials) {
    this(credentials, new Port.Limits(Duration.ofSeconds(2), 8, FAST));
  }

  TestPort(Credentials credentials, Port.Limits limits) {
    permitted.add(ALPHA);
    port =
        Port.open(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            credentials,
            BETA,
            tickets,
            this,
            this,
            limits);
  }

  InetSocketAddress address() {
    return port.address();
  }

  static PortClient client(Credentials credentials) {
    return client(credentials, ALPHA);
  }

  static PortClient client(Credentials credentials, HostName self) {
    return new PortClient(
        credentials,
        self,
        new PortClient.Limits(Duration.ofSeconds(2), Duration.ofSeconds(5), FAST));
  }

  boolean sawNobody() {
    return controls.isEmpty() && channels.isEmpty() && operators.isEmpty();
  }

  @Override
  public Optional<Problem> permit(HostName peer, Purpose purpose) {
    return permitted.contains(peer)
        ? Optional.empty()
        : Optional.of(
            Problem.peer("not-permitted", peer + " may not send here", "List it in agent.yaml."));
  }

  @Override
  public void control(ControlConnection connection) {
    controls.add(connection);
  }

  @Override
  public void channel(HostName peer, Purpose.Channel purpose, TlsChannel channel) {
    channels.add(channel);
  }

  @Override
  public void redirect(HostName peer, TlsChannel channel) {
    redirects.add(channel);
  }

  @Override
  public void names(HostName peer, TlsChannel channel) {
    redirects.add(channel);
  }

  @Override
  public boolean permits(String operator) {
    return operator.equals("alice");
  }

  @Override
  public void serve(String operator, InputStream in, OutputStream out) throws IOException {
    operators.add(operator);
    int first = in.read();
    out.write(("hello " + operator + " " + (char) first).getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    port.close();
  }
}
