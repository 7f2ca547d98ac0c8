package io.drover.qemu.nbd;

import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server's unix socket. It serves those who connect one after the other: a client that breaks off
 * may come back, a second one waits until the first has gone.
 */
public final class NbdListener implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(NbdListener.class);

  private final Path socket;
  private final NbdServer server;
  private final Consumer<NbdEnd> ended;
  private final ServerSocketChannel listening;
  private final Thread thread;
  private volatile boolean closed;

  /**
   * Listens at once.
   *
   * @param socket a path that nothing has yet; only this user may connect
   * @param ended told about each client's end, on the serving thread
   */
  public NbdListener(Path socket, NbdServer server, Consumer<NbdEnd> ended) throws IOException {
    this.socket = socket;
    this.server = server;
    this.ended = ended;
    listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      listening.bind(UnixDomainSocketAddress.of(socket));
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
    } catch (IOException | RuntimeException e) {
      listening.close();
      throw e;
    }
    thread = Thread.ofPlatform().daemon().name("nbd-" + server.export()).unstarted(this::run);
    thread.start();
  }

  private void run() {
    try {
      while (!closed) {
        SocketChannel client = listening.accept();
        NbdEnd end = server.serve(client);
        LOG.debug("{}: a client ended: {}", socket, end);
        ended.accept(end);
      }
    } catch (IOException e) {
      LOG.debug("{}: listening ended: {}", socket, e.toString());
    }
  }

  /**
   * Cuts a client off and returns when nothing of it is left; not to be called by {@code ended}.
   */
  @Override
  public void close() throws IOException {
    closed = true;
    listening.close();
    boolean interrupted = false;
    while (thread.isAlive()) {
      // Closes the client's channel, and ends a wait for requests in flight.
      thread.interrupt();
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    Files.deleteIfExists(socket);
  }
}
