package io.drover.migration;

import io.drover.wire.PeerMessage;

/** The target's end of a migration's channels. */
public interface TargetChannels {
  /** Where the hypervisor is to listen in this attempt. */
  TransferAddress address(int attempt);

  /** Issues the tickets once the hypervisor listens at {@code address}. */
  PeerMessage.Listening expect(int attempt, TransferAddress address);

  void close();
}
