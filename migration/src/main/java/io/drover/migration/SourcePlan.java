package io.drover.migration;

import io.drover.wire.PeerMessage;

/** What the agent knows of one outgoing migration, for its {@link SourceDriver}. */
public interface SourcePlan {
  PeerMessage.Prepare prepare(int generation);

  /** Chooses the mode, now that the target has answered; may wait for measurements to end. */
  TransferSettings settle(PeerMessage.Prepared answer);
}
