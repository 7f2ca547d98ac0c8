package io.drover.migration;

/** What a hypervisor answers when asked what its transfer is doing. */
public enum TransferState {
  NONE,
  /** Before the switch; the source's guest is the guest. */
  ACTIVE,
  /** Post-copy, going. */
  POSTCOPY,
  POSTCOPY_PAUSED,
  COMPLETED,
  /** Failed or cancelled. */
  FAILED,
  /** The hypervisor's process is gone or does not answer. */
  GONE
}
