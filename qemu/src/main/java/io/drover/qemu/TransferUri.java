package io.drover.qemu;

import io.drover.migration.TransferAddress;

/** Where to connect or listen, in QEMU's words. */
final class TransferUri {
  private TransferUri() {}

  static String of(TransferAddress address) {
    return switch (address) {
      case TransferAddress.UnixSocket unix -> "unix:" + unix.path();
      case TransferAddress.Tcp tcp -> tcp(tcp.host(), tcp.port());
      case TransferAddress.TcpTls tls -> tcp(tls.host(), tls.port());
    };
  }

  private static String tcp(String host, int port) {
    return "tcp:" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
