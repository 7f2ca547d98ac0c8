package io.drover.migration;

import io.drover.wire.PeerMessage;

/** What the driver of a target does when the machine says so; performed in order. */
public sealed interface TargetEffect {
  /** Makes the new state durable; what follows must not happen before. */
  record Journal() implements TargetEffect {}

  record Send(PeerMessage message) implements TargetEffect {}

  /** Starts the hypervisor; ends in {@link TargetEvent.Launched}. */
  record Launch() implements TargetEffect {}

  record SendPrepared() implements TargetEffect {}

  /** Makes the hypervisor listen; ends in {@link TargetEvent.Listening}. */
  record ListenFor(int attempt) implements TargetEffect {}

  /** Lets the disks' channels in. */
  record ExpectDisks(int attempt) implements TargetEffect {}

  /** Removes the images that were made here for a guest that never ran here. */
  record DiscardDisks() implements TargetEffect {}

  /**
   * Puts what came of the disks on stable storage: the source's copies go next. Ends in {@link
   * TargetEvent.DisksSettled}.
   */
  record SettleDisks() implements TargetEffect {}

  /** Lets the guest run. */
  record Run() implements TargetEffect {}

  record Announce() implements TargetEffect {}

  record BreakTransfer() implements TargetEffect {}

  record CloseChannels() implements TargetEffect {}

  /** Ends the hypervisor and removes what was made for the guest here. */
  record Remove() implements TargetEffect {}

  /** The guest is a guest of this host like any other now. */
  record Adopt() implements TargetEffect {}
}
