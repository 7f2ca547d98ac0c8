package io.drover.lab;

import io.drover.model.Problem;
import java.time.Duration;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * How a migration stands, as QEMU at one of its ends says.
 *
 * @param passes over the memory so far; 0 at the end that receives
 * @param error why it failed, if it did and QEMU knows
 */
record QemuTransfer(String status, long passes, String error) {
  static final String COMPLETED = "completed";

  /** The guest stands still, and QEMU waits to be told to go on. */
  static final String PRE_SWITCHOVER = "pre-switchover";

  static QemuTransfer of(JsonNode answer) {
    return new QemuTransfer(
        answer.path("status").asString(""),
        answer.path("ram").path("dirty-sync-count").asLong(0),
        answer.path("error-desc").asString(""));
  }

  /** Waits until it is in that state; whatever it ends with instead is a problem. */
  static void await(QemuMonitor monitor, String state, Duration look, Duration patience) {
    of(monitor.until(
            "query-migrate", answer -> of(answer).is(state) || of(answer).over(), look, patience))
        .require(state);
  }

  boolean is(String state) {
    return status.equals(state);
  }

  /** Nothing more comes of it. */
  boolean over() {
    return Set.of(COMPLETED, "failed", "cancelled").contains(status);
  }

  void require(String state) {
    if (!is(state)) {
      throw Problem.migration(
              "stock-move",
              "QEMU's migration should be %s and is %s%s"
                  .formatted(state, status, error.isEmpty() ? "" : ": " + error),
              "")
          .asException();
    }
  }
}
