package io.drover.migration;

import io.drover.model.GuestState;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * One running guest at the source, as a migration needs it. Calls block until the hypervisor has
 * taken the command, not until it has carried it out; news comes through {@link #subscribe}. A
 * refusal or a lost hypervisor is a {@link io.drover.model.ProblemException}.
 */
public interface SourceHypervisor {
  /** Events from now on, in order, on one thread. At most one subscriber; a new one replaces it. */
  void subscribe(Consumer<HypervisorEvent> subscriber);

  GuestState guestState();

  void configure(TransferSettings settings);

  /** Begins the transfer to an address that already listens. */
  void startTransfer(TransferAddress address);

  void changeBandwidth(long bytesPerSecond);

  void changeMaxDowntime(Duration maxDowntime);

  /** Asks for the switch to post-copy; it happens a moment later. There is no way back from it. */
  void switchToPostCopy();

  /** Takes back a transfer that has not switched to post-copy; the guest goes on as it was. */
  void cancelTransfer();

  /**
   * Breaks the transfer's connections, also when the hypervisor's main loop hangs. Before the
   * switch the transfer fails and the guest goes on; after it post-copy pauses.
   */
  void breakTransfer();

  /** Resumes paused post-copy over a new connection. */
  void resumeTransfer(TransferAddress address);

  void stopGuest();

  /** Lets the guest run here (again). Never called once the target may have run it. */
  void continueGuest();

  /**
   * What the hypervisor's transfer is doing, asked afresh: for an agent that has just restarted.
   */
  TransferState transferState();

  TransferProgress progress();

  /** How the guest rewrites its memory, measured over the window; blocks for that long. */
  DirtyMemory measureDirtyMemory(Duration window);

  /** Ends the hypervisor's process and removes what belongs to it on this host. */
  void quit();
}
