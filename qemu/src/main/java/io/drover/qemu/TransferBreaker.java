package io.drover.qemu;

import tools.jackson.databind.node.ObjectNode;

/** Breaks a transfer's connections from outside QEMU's main loop. */
final class TransferBreaker {
  private TransferBreaker() {}

  static void breakTransfer(QemuGuest guest) {
    // In post-copy this pauses the transfer, and is refused otherwise.
    if (guest.askUrgently("migrate-pause", Qmp.object()) instanceof QmpReply.Refused) {
      ObjectNode arguments = Qmp.object();
      arguments.putArray("instances").addObject().put("type", "migration");
      // Refused where there is no connection: then there is nothing to break.
      QmpReply _ = guest.askUrgently("yank", arguments);
    }
  }
}
