package io.drover.migration;

import io.drover.wire.PeerMessage;
import java.util.List;

/**
 * The source's end of the channels of disks that move. What the hypervisor's mirrors write waits
 * while the channels are cut; a break is told to the driver as an event.
 */
public interface SourceDisks {
  /** Makes the places that the hypervisor's mirrors write to, one for each of these disks. */
  List<DiskMirror> prepare(List<Integer> disks);

  /** Connects, or connects again; returns before that is done. */
  void connect(PeerMessage.DisksOpen open);

  /**
   * Whatever waits, and whatever is asked for from now on, fails: the hypervisor must not hang on
   * disks that go nowhere.
   */
  void fail();

  /** The target has the disks for good: those here go, or are put aside if that is wished. */
  void release(List<Integer> disks);

  /** The target may not have the disks for good: those here are put aside in any case. */
  void putAside(List<Integer> disks);

  void close();
}
