package io.drover.qemu;

import tools.jackson.databind.node.ObjectNode;

/** Breaks a transfer's connections from outside QEMU's main loop. */
final class TransferBreaker {
  private TransferBreaker() {}

  /** Also wakes a source that waits for an answer in the middle of a recovery. */
  static void breakOutgoing(QemuGuest guest) {
    // In post-copy this pauses the transfer, and is refused otherwise.
    if (guest.askUrgently("migrate-pause", Qmp.object()) instanceof QmpReply.Refused) {
      yank(guest);
    }
  }

  /**
   * Never with {@code migrate-pause}: at a target QEMU up to 10.0.2 does not look whether it is
   * closing its connections at that very moment, because it has noticed a break by itself, and then
   * dies of a segmentation fault. {@code yank} knows which connections are open.
   */
  static void breakIncoming(QemuGuest guest) {
    yank(guest);
  }

  private static void yank(QemuGuest guest) {
    ObjectNode arguments = Qmp.object();
    arguments.putArray("instances").addObject().put("type", "migration");
    // Refused where there is no connection: then there is nothing to break.
    QmpReply _ = guest.askUrgently("yank", arguments);
  }
}
