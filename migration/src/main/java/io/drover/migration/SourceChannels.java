package io.drover.migration;

import io.drover.wire.PeerMessage;
import java.util.Optional;

/** The source's end of a migration's channels. A break is told to the driver as an event. */
public interface SourceChannels {
  /**
   * Makes ready for one attempt: what the hypervisor sends to the returned address reaches the
   * target's hypervisor.
   */
  TransferAddress open(PeerMessage.Listening listening);

  /**
   * Feeds the target what was kept of the switch, then breaks the channel as a cut link would; see
   * docs/protocol.md on rebuilding.
   */
  void replay(PeerMessage.Listening listening);

  /**
   * Returns once everything is there that the switch to post-copy needs, with what makes a transfer
   * look up that sleeps because it has sent all that it may for now; empty where these channels
   * cannot do that.
   */
  Optional<Runnable> beforeSwitch();

  void close();
}
