package io.drover.migration;

/**
 * What a hypervisor says by itself. Times are {@link System#nanoTime()} of this host's agent, taken
 * as early as the news can be read.
 */
public sealed interface HypervisorEvent {
  long atNanos();

  /** The transfer began. */
  record TransferActive(long atNanos) implements HypervisorEvent {}

  /** Another look through all of the dirty memory began. */
  record PassStarted(int pass, long atNanos) implements HypervisorEvent {}

  /** The guest's processors stand still. */
  record GuestStopped(long atNanos) implements HypervisorEvent {}

  /** The guest's processors run. */
  record GuestResumed(long atNanos) implements HypervisorEvent {}

  /** The device state has left (source), or memory may now be asked for (target). */
  record PostCopyActive(long atNanos) implements HypervisorEvent {}

  /** Post-copy lost its connection and waits. */
  record PostCopyPaused(String reason, long atNanos) implements HypervisorEvent {}

  /** Post-copy is going again after a pause. */
  record PostCopyRecovered(long atNanos) implements HypervisorEvent {}

  /** Everything was sent and acknowledged (source), or received and loaded (target). */
  record TransferCompleted(long atNanos) implements HypervisorEvent {}

  /**
   * The transfer failed for good.
   *
   * @param guestRunning whether the guest runs on this host now
   */
  record TransferFailed(String reason, boolean guestRunning, long atNanos)
      implements HypervisorEvent {}

  /** The transfer was cancelled on request; the guest is as it was before. */
  record TransferCancelled(long atNanos) implements HypervisorEvent {}

  /** The guest stands still, and the transfer waits for leave to finish. */
  record SwitchPaused(long atNanos) implements HypervisorEvent {}

  /** All disks that move are copied, and follow the guest's writes from now on. */
  record DisksReady(long atNanos) implements HypervisorEvent {}

  /** The disks at the target are what they are here, and nothing follows any more. */
  record DisksWhole(long atNanos) implements HypervisorEvent {}

  /** A disk could not be mirrored. */
  record DisksFailed(String reason, long atNanos) implements HypervisorEvent {}

  /** The guest switched itself off. */
  record GuestPoweredOff(long atNanos) implements HypervisorEvent {}

  /** The hypervisor's process for this guest ended. */
  record ProcessExited(String reason, long atNanos) implements HypervisorEvent {}
}
