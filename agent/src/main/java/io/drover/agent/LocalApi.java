package io.drover.agent;

import io.drover.api.HttpConnection;
import io.drover.api.Router;
import io.drover.model.Problem;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The local API on a unix socket.
 *
 * <p>Who may call: root and the user the agent runs as. If the host has a group {@code drover}, the
 * socket belongs to it with mode 0660 and its members may call as well; else the mode is 0600. The
 * socket gets its owner and mode in a directory nobody else can enter and is then moved into place,
 * so it is never open to others, and a dead agent's socket is replaced at once. Take the {@link
 * AgentLock} first: it is what tells a dead agent from a living one.
 */
final class LocalApi implements AutoCloseable {
  static final String GROUP = "drover";
  static final int MAX_CONNECTIONS = 128;
  private static final Duration READ_PATIENCE = Duration.ofMinutes(2);
  private static final Duration WRITE_PATIENCE = Duration.ofSeconds(30);
  private static final Logger LOG = LoggerFactory.getLogger(LocalApi.class);

  private final Path socket;
  private final ServerSocketChannel server;
  private final Router router;
  private final SocketAccess access;
  private final Deadlines deadlines = new Deadlines();
  private final Set<SocketChannel> connections = ConcurrentHashMap.newKeySet();

  private LocalApi(Path socket, ServerSocketChannel server, Router router, SocketAccess access) {
    this.socket = socket;
    this.server = server;
    this.router = router;
    this.access = access;
  }

  /** Listens from now on, until closed. */
  static LocalApi listen(Path socket, Router router) {
    return listen(socket, router, GROUP);
  }

  static LocalApi listen(Path socket, Router router, String group) {
    try {
      Path directory = socket.toAbsolutePath().getParent();
      if (directory == null) {
        throw new IOException("it is no file");
      }
      Files.createDirectories(directory);
      Path hidden = Files.createTempDirectory(directory, ".api-");
      ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        Path fresh = hidden.resolve("s");
        server.bind(UnixDomainSocketAddress.of(fresh));
        SocketAccess access = open(fresh, group);
        Files.move(fresh, socket, StandardCopyOption.ATOMIC_MOVE);
        LocalApi api = new LocalApi(socket, server, router, access);
        Thread.ofVirtual().name("local-api").start(api::accept);
        return api;
      } catch (IOException | RuntimeException e) {
        server.close();
        throw e;
      } finally {
        Files.deleteIfExists(hidden.resolve("s"));
        Files.deleteIfExists(hidden);
      }
    } catch (IOException e) {
      throw Problem.host(
              "socket-unusable",
              "The agent cannot listen at %s: %s".formatted(socket, e.getMessage()),
              "Run it as root, or choose a shorter or writable run-directory.")
          .asException(e);
    }
  }

  private static SocketAccess open(Path fresh, String group) throws IOException {
    try {
      GroupPrincipal members =
          fresh.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(group);
      Files.getFileAttributeView(fresh, PosixFileAttributeView.class).setGroup(members);
      Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-rw----"));
      return SocketAccess.OWNER_AND_GROUP;
    } catch (UserPrincipalNotFoundException noSuchGroup) {
      Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
      return SocketAccess.OWNER;
    }
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        SocketChannel connection = server.accept();
        if (connections.size() >= MAX_CONNECTIONS) {
          LOG.warn("refused a local connection: {} are open", MAX_CONNECTIONS);
          connection.close();
        } else {
          connections.add(connection);
          Thread.ofVirtual().name("local-api-call").start(() -> serve(connection));
        }
      } catch (ClosedChannelException closed) {
        return;
      } catch (IOException e) {
        LOG.warn("could not take a local connection", e);
        pause();
      }
    }
  }

  /** Out of file descriptors, most likely: wait for some to come back. */
  private static void pause() {
    try {
      Thread.sleep(Duration.ofMillis(100));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve(SocketChannel connection) {
    try (connection) {
      UnixDomainPrincipal caller = connection.getOption(ExtendedSocketOptions.SO_PEERCRED);
      if (!access.permits(caller, System.getProperty("user.name"))) {
        LOG.warn("refused a local connection by user {}", caller.user().getName());
        return;
      }
      new HttpConnection(
              deadlines.in(connection, READ_PATIENCE),
              deadlines.out(connection, WRITE_PATIENCE),
              router,
              bug -> LOG.error("a local request failed", bug))
          .serve();
    } catch (IOException e) {
      LOG.debug("a local connection ended", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      connections.remove(connection);
    }
  }

  /** Ends every connection; the socket file goes, unless another agent's took its place. */
  @Override
  public void close() throws IOException {
    server.close();
    for (SocketChannel connection : connections) {
      connection.close();
    }
    deadlines.close();
    Files.deleteIfExists(socket);
  }
}
