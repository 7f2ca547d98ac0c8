package io.drover.migration;

import java.nio.file.Path;

/** Where a hypervisor sends its state to, or receives it at. */
public sealed interface TransferAddress {
  /** A socket on this host that Drover relays; the bytes cross inside the tunnel. */
  record UnixSocket(Path path) implements TransferAddress {}

  /** The hypervisor's own TCP connection. */
  record Tcp(String host, int port) implements TransferAddress {}

  /**
   * The hypervisor's own TLS connection.
   *
   * @param peerName the name that the peer's certificate must bear
   */
  record TcpTls(String host, int port, String peerName) implements TransferAddress {}
}
