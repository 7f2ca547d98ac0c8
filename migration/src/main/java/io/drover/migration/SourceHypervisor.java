package io.drover.migration;

import io.drover.model.GuestState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
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

  /** Begins to mirror disks; ends in {@link HypervisorEvent.DisksReady}, or DisksFailed. */
  void mirrorDisks(List<DiskMirror> mirrors);

  /** Ends the mirrors once they have nothing left; ends in {@link HypervisorEvent.DisksWhole}. */
  void completeDisks();

  /** Ends the mirrors, also those of an earlier agent; the guest's disks are those here. */
  void cancelDisks();

  DiskProgress diskProgress();

  /** Lets a transfer finish that has told of {@link HypervisorEvent.SwitchPaused}. */
  void continueSwitch();

  void changeBandwidth(long bytesPerSecond);

  /**
   * What the link carries, which a hypervisor cannot tell while much of what it sends need not
   * cross: the last pages, which must, would take longer than it thinks.
   */
  void expectLink(long bytesPerSecond);

  void changeMaxDowntime(Duration maxDowntime);

  /**
   * Asks for the switch to post-copy; it happens a moment later. There is no way back from it.
   *
   * @param waker see {@link SourceChannels#beforeSwitch}; with one the transfer may be put to sleep
   *     first, so that the switch need not queue behind pages, and {@link #releaseBulk} is called
   *     later
   */
  void switchToPostCopy(Optional<Runnable> waker);

  /**
   * Lets the pages that nobody has asked for flow freely. From the switch until then few of them
   * are sent: the target loads the devices' state and the guest takes its first steps, asking for
   * one page after the other, and each request would queue behind them.
   */
  void releaseBulk();

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

  /**
   * How the guest rewrites its memory, measured over the window; blocks for that long. May count
   * what the guest only reads.
   */
  DirtyMemory measureDirtyMemory(Duration window);

  /**
   * The same without what the guest only reads, as far as can be told from a sample of its memory;
   * also while a transfer is under way. Nothing where the other look tells as much.
   */
  Optional<DirtyMemory> measureWrites(Duration window);

  /**
   * The memory that the guest will need as soon as it runs at the target, as far as can be told; in
   * the order in which it is wanted.
   */
  List<MemoryRange> neededFirst();

  /** Ends the hypervisor's process and removes what belongs to it on this host. */
  void quit();
}
