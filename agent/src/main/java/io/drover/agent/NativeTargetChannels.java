package io.drover.agent;

import io.drover.migration.TargetChannels;
import io.drover.migration.TransferAddress;
import io.drover.model.HostName;
import io.drover.model.Transport;
import io.drover.wire.PeerMessage;
import java.util.List;
import java.util.Optional;

/** QEMU listens itself, at the address of the one port, on a port that the kernel chooses. */
record NativeTargetChannels(Transport transport, String listenAddress, HostName source)
    implements TargetChannels {

  @Override
  public TransferAddress address(int attempt) {
    return switch (transport) {
      case NATIVE -> new TransferAddress.Tcp(listenAddress, 0);
      case NATIVE_TLS -> new TransferAddress.TcpTls(listenAddress, 0, source.value());
      case TUNNEL -> throw new IllegalStateException("the tunnel has channels of its own");
    };
  }

  @Override
  public PeerMessage.Listening expect(int attempt, TransferAddress address) {
    int port =
        switch (address) {
          case TransferAddress.Tcp(String _, int chosen) -> chosen;
          case TransferAddress.TcpTls(String _, int chosen, String _) -> chosen;
          case TransferAddress.UnixSocket _ ->
              throw new IllegalStateException("asked for TCP, got " + address);
        };
    return new PeerMessage.Listening(
        attempt, List.of(), Optional.of(port), PeerMessage.ContentUse.NONE);
  }

  @Override
  public void close() {}
}
