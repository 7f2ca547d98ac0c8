package io.drover.migration;

import io.drover.wire.PeerMessage;

/** The target's end of the channels of disks that move. */
public interface TargetDisks {
  /** Lets the disks' channels of this attempt in; the ones before end. */
  PeerMessage.DisksOpen expect(int attempt);

  /** Ends the channels and lets go of the hypervisor's disks: the guest is to have them alone. */
  void close();

  /** Returns once what was written to the disks is on stable storage, or says why it may not be. */
  void settle();

  /** Removes the images that were made for this migration; the guest has never run on them. */
  void discard();
}
