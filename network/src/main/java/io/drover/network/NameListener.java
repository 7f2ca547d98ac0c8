package io.drover.network;

import io.drover.model.IpAddress;
import io.drover.model.Problem;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes questions at one address, by datagrams and by connections, and gives each its answer.
 *
 * <p>Anybody may ask, as much as they like: the threads are the platform's own, so that the kernel
 * and not the questions divides the processors, and there are only so many.
 */
final class NameListener implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NameListener.class);
  private static final int CONNECTIONS = 32;

  /** So long a connection may say nothing. */
  private static final Duration IDLE = Duration.ofSeconds(5);

  /** So long it may last in all: who sends or reads byte by byte is not waited for. */
  private static final Duration LIFE = Duration.ofSeconds(20);

  private static final Duration LOOK = Duration.ofSeconds(1);

  private final DatagramSocket datagrams;
  private final ServerSocket connections;
  private final NameResponder responder;
  private final List<Thread> threads = new ArrayList<>();
  private final Map<Socket, Long> beganNanos = new ConcurrentHashMap<>();

  private NameListener(
      DatagramSocket datagrams, ServerSocket connections, NameResponder responder) {
    this.datagrams = datagrams;
    this.connections = connections;
    this.responder = responder;
  }

  /**
   * Takes the address; nothing is answered before {@link #start}.
   *
   * @throws io.drover.model.ProblemException if it cannot be had
   */
  static NameListener bind(IpAddress address, int port, NameResponder responder) {
    InetSocketAddress place = new InetSocketAddress(address.inet(), port);
    Optional<DatagramSocket> datagrams = Optional.empty();
    try {
      datagrams = Optional.of(new DatagramSocket(place));
      return new NameListener(
          datagrams.get(), new ServerSocket(port, CONNECTIONS, address.inet()), responder);
    } catch (IOException e) {
      datagrams.ifPresent(DatagramSocket::close);
      throw Problem.host(
              "name-service-port",
              "The name service cannot have %s port %d: %s"
                  .formatted(address, port, e.getMessage()),
              ("See who has it with 'ss -tulnp sport = :%d', or correct 'network.name-service' in"
                      + " the configuration: 'listen' wants addresses of this host.")
                  .formatted(port))
          .asException(e);
    }
  }

  void start() {
    threads.add(Thread.ofPlatform().daemon().name("names-datagrams").start(this::answerDatagrams));
    threads.add(Thread.ofPlatform().daemon().name("names-accept").start(this::accept));
  }

  private void answerDatagrams() {
    // One byte more than is allowed tells what is too long.
    byte[] buffer = new byte[NameResponder.MAX_QUESTION_BYTES + 1];
    while (!datagrams.isClosed()) {
      DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
      try {
        datagrams.receive(packet);
      } catch (IOException e) {
        rest(e);
        continue;
      }
      if (packet.getLength() < buffer.length) {
        byte[] question = Arrays.copyOf(buffer, packet.getLength());
        responder
            .answer(question, NameResponder.Transport.DATAGRAM)
            .ifPresent(answer -> send(answer, packet));
      }
    }
  }

  private void send(byte[] answer, DatagramPacket question) {
    try {
      datagrams.send(new DatagramPacket(answer, answer.length, question.getSocketAddress()));
    } catch (IOException | IllegalArgumentException e) {
      // Such as a sender's port 0, or an address that nobody can send to.
      LOG.debug("an answer to {} was not sent: {}", question.getSocketAddress(), e.toString());
    }
  }

  /** Such as too many open files: it will not pass in an instant. */
  private void rest(IOException why) {
    if (datagrams.isClosed()) {
      return;
    }
    LOG.debug("no question could be taken", why);
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void accept() {
    while (!connections.isClosed()) {
      try {
        connections.setSoTimeout(Math.toIntExact(LOOK.toMillis()));
        Socket socket = connections.accept();
        beganNanos.put(socket, System.nanoTime());
        Thread _ = Thread.ofPlatform().daemon().name("names-connection").start(() -> serve(socket));
      } catch (SocketTimeoutException e) {
        // Time to look at those that are there.
      } catch (IOException e) {
        rest(e);
      }
      endOld();
    }
  }

  /** Where there are too many, those that came first have had their time. */
  private void endOld() {
    long now = System.nanoTime();
    beganNanos.entrySet().stream()
        .sorted(Map.Entry.<Socket, Long>comparingByValue().reversed())
        .skip(CONNECTIONS)
        .forEach(entry -> close(entry.getKey()));
    beganNanos.forEach(
        (socket, began) -> {
          if (now - began > LIFE.toNanos()) {
            close(socket);
          }
        });
  }

  private void serve(Socket socket) {
    try (socket) {
      socket.setSoTimeout(Math.toIntExact(IDLE.toMillis()));
      socket.setTcpNoDelay(true);
      DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
      while (true) {
        int length = in.readUnsignedShort();
        if (length > NameResponder.MAX_QUESTION_BYTES) {
          return;
        }
        byte[] question = new byte[length];
        in.readFully(question);
        Optional<byte[]> answer = responder.answer(question, NameResponder.Transport.STREAM);
        if (answer.isEmpty()) {
          return;
        }
        byte[] bytes = answer.get();
        byte[] framed = new byte[2 + bytes.length];
        framed[0] = (byte) (bytes.length >> 8);
        framed[1] = (byte) bytes.length;
        System.arraycopy(bytes, 0, framed, 2, bytes.length);
        socket.getOutputStream().write(framed);
      }
    } catch (IOException e) {
      LOG.debug("{} asks no more: {}", socket.getRemoteSocketAddress(), e.toString());
    } finally {
      beganNanos.remove(socket);
    }
  }

  private static void close(Closeable socket) {
    try {
      socket.close();
    } catch (IOException e) {
      LOG.debug("closing a socket of the name service", e);
    }
  }

  @Override
  public void close() {
    close(datagrams);
    close(connections);
    beganNanos.keySet().forEach(NameListener::close);
    try {
      for (Thread thread : threads) {
        thread.join(); // only then is the address free again
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
