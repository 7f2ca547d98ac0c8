package io.drover.migration;

import io.drover.wire.PeerMessage;
import java.util.List;

/** What the driver of a source does when the machine says so; performed in order. */
public sealed interface SourceEffect {
  /** Makes the new state durable; what follows must not happen before. */
  record Journal() implements SourceEffect {}

  /** Connects to the target, trying again for ever once the first attempt succeeded. */
  record Connect() implements SourceEffect {}

  record SendPrepare(int generation) implements SourceEffect {}

  record Send(PeerMessage message) implements SourceEffect {}

  record Configure() implements SourceEffect {}

  record StopGuest() implements SourceEffect {}

  /** Opens the local end of the channels and starts the hypervisor's transfer into it. */
  record StartTransfer(PeerMessage.Listening listening) implements SourceEffect {}

  /** Makes the disks' mirrors run, each into the place that waits for its channel. */
  record MirrorDisks(List<Integer> disks) implements SourceEffect {}

  /** Connects the disks' channels, or connects them again. */
  record ConnectDisks(PeerMessage.DisksOpen open) implements SourceEffect {}

  /** Ends the mirrors once nothing is left to write; the guest stands still. */
  record CompleteDisks() implements SourceEffect {}

  /** Ends the mirrors at once; the guest keeps its disks here. */
  record CancelDisks() implements SourceEffect {}

  /** Lets a transfer go on that waits at its switch. */
  record ContinueSwitch() implements SourceEffect {}

  /** The target has the disks, safely, and has said so: the images here are of no more use. */
  record ReleaseDisks(List<Integer> disks) implements SourceEffect {}

  /** The target has the disks, and may yet lose them: the images here are kept, out of the way. */
  record PutDisksAside(List<Integer> disks) implements SourceEffect {}

  record SwitchToPostCopy() implements SourceEffect {}

  record CancelTransfer() implements SourceEffect {}

  /** Breaks the hypervisor's transfer and closes the channels. */
  record BreakTransfer() implements SourceEffect {}

  record ResumeTransfer(PeerMessage.Listening listening) implements SourceEffect {}

  /**
   * Feeds a rebuilt target what the relay kept of the switch. Fails with a problem of kind PEER if
   * the target or the way to it broke, and with any other if nothing can be replayed.
   */
  record Replay(PeerMessage.Listening listening) implements SourceEffect {}

  /** Lets the guest run here again; ends in {@link SourceEvent.GuestContinued}. */
  record ContinueGuest() implements SourceEffect {}

  /** Ends the hypervisor here and forgets the guest: it lives elsewhere, or nowhere. */
  record RemoveGuest() implements SourceEffect {}

  /** Nothing moves any more: closes channels and sockets. */
  record CloseChannels() implements SourceEffect {}

  /** Brings a {@link SourceEvent.RetryDue} after a moment. */
  record RetryLater() implements SourceEffect {}

  /** Tells whoever asked that it is too late to cancel. */
  record RefuseCancel() implements SourceEffect {}
}
