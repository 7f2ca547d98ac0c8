package io.drover.qemu;

import io.drover.migration.HypervisorEvent;
import io.drover.model.ProblemException;
import java.time.Duration;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Turns QEMU's events into the migration's words. Used by one thread. */
final class EventTranslator {
  private static final Duration SHORT = Duration.ofSeconds(2);
  private static final Duration SETTLING = Duration.ofSeconds(3);

  private final QemuGuest guest;
  private boolean wasPaused;

  EventTranslator(QemuGuest guest) {
    this.guest = guest;
  }

  Optional<HypervisorEvent> translate(QmpEvent event) {
    long at = event.atNanos();
    return switch (event.name()) {
      case "MIGRATION" -> ofStatus(event.data().path("status").asString(""), at);
      case "MIGRATION_PASS" ->
          Optional.of(new HypervisorEvent.PassStarted(event.data().path("pass").asInt(0), at));
      case "STOP" -> Optional.of(new HypervisorEvent.GuestStopped(at));
      case "RESUME" -> Optional.of(new HypervisorEvent.GuestResumed(at));
      case "SHUTDOWN" ->
          event.data().path("guest").asBoolean(false)
              ? Optional.of(new HypervisorEvent.GuestPoweredOff(at))
              : Optional.empty();
      default -> Optional.empty();
    };
  }

  private Optional<HypervisorEvent> ofStatus(String status, long at) {
    return switch (status) {
      case "pre-switchover" -> Optional.of(new HypervisorEvent.SwitchPaused(at));
      case "active" -> Optional.of(new HypervisorEvent.TransferActive(at));
      case "postcopy-active" -> {
        boolean recovered = wasPaused;
        wasPaused = false;
        guest.switched();
        yield Optional.of(
            recovered
                ? new HypervisorEvent.PostCopyRecovered(at)
                : new HypervisorEvent.PostCopyActive(at));
      }
      case "postcopy-paused" -> {
        wasPaused = true;
        yield Optional.of(new HypervisorEvent.PostCopyPaused(reason(), at));
      }
      // An agent that was not there when it paused learns so here.
      case "postcopy-recover-setup", "postcopy-recover" -> {
        wasPaused = true;
        yield Optional.empty();
      }
      case "completed" -> Optional.of(new HypervisorEvent.TransferCompleted(at));
      case "failed" -> {
        boolean _ = settle();
        guest.goOnAfterNoSwitch();
        yield Optional.of(new HypervisorEvent.TransferFailed(reason(), settle(), at));
      }
      case "cancelled" -> {
        guest.goOnAfterNoSwitch();
        yield Optional.of(new HypervisorEvent.TransferCancelled(at));
      }
      // Everything else, and what newer versions add, is a transfer in progress.
      default -> Optional.empty();
    };
  }

  private String reason() {
    // A paused target's main loop may hang, and would not know more than this.
    if (guest.isArrival()) {
      return "the connection was lost";
    }
    try {
      JsonNode answer = guest.control().run("query-migrate", Qmp.object(), SHORT);
      String said = answer.path("error-desc").asString("");
      return said.isEmpty() ? "the connection was lost" : said;
    } catch (ProblemException e) {
      return "the connection was lost";
    }
  }

  /**
   * QEMU says that the transfer failed a moment before it lets the guest run again. Waits for that
   * and returns whether the guest runs.
   */
  private boolean settle() {
    long deadline = System.nanoTime() + SETTLING.toNanos();
    try {
      String state = guest.runState(SHORT);
      while (state.equals("finish-migrate") && System.nanoTime() - deadline < 0) {
        Thread.sleep(Duration.ofMillis(10));
        state = guest.runState(SHORT);
      }
      return state.equals("running");
    } catch (ProblemException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
