package io.drover.agent;

import io.drover.migration.SourceChannels;
import io.drover.migration.TransferAddress;
import io.drover.model.HostName;
import io.drover.model.Problem;
import io.drover.model.Transport;
import io.drover.wire.PeerMessage;
import java.util.Optional;

/** No tunnel: QEMU connects to the other QEMU itself. There is nothing of ours on the way. */
record NativeSourceChannels(Transport transport, String targetAddress, HostName target)
    implements SourceChannels {

  @Override
  public TransferAddress open(PeerMessage.Listening listening) {
    int port =
        listening
            .nativePort()
            .orElseThrow(
                () ->
                    Problem.peer(
                            "no-native-port",
                            "The target named no port for QEMU's own connection",
                            "Use '--transport tunnel'.")
                        .asException());
    return switch (transport) {
      case NATIVE -> new TransferAddress.Tcp(targetAddress, port);
      case NATIVE_TLS -> new TransferAddress.TcpTls(targetAddress, port, target.value());
      case TUNNEL -> throw new IllegalStateException("the tunnel has channels of its own");
    };
  }

  @Override
  public void replay(PeerMessage.Listening listening) {
    throw Problem.migration("no-replay", "only the tunnel can keep a copy of the switch", "")
        .asException();
  }

  @Override
  public Optional<Runnable> beforeSwitch() {
    return Optional.empty();
  }

  @Override
  public void close() {}
}
