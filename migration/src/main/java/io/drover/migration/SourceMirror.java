package io.drover.migration;

import io.drover.migration.SourceState.Copies;
import io.drover.migration.SourceState.Stage;
import io.drover.wire.PeerMessage;
import java.util.List;

/**
 * The source's disks that move with the guest. They are copied first, follow the guest's writes
 * while its memory goes, and are whole before the hypervisor may finish: QEMU does not wait for
 * that by itself and would switch to a wrong disk without a word. Broken channels are replaced for
 * as long as the disks follow; nothing that was copied is copied again.
 */
final class SourceMirror {
  private SourceMirror() {}

  static boolean follows(SourceState state) {
    return state.copies() == Copies.MIRRORED;
  }

  /** Whether the target's disks are not what the guest's are. */
  static boolean spoiled(SourceState state) {
    return state.copies() == Copies.MIRRORED || state.copies() == Copies.DROPPED;
  }

  static SourceStep begin(SourceState state, List<Integer> disks) {
    SourceState next = state.withDisks(disks).nextDiskAttempt().at(Stage.MIRRORING);
    return SourceStep.of(
        next,
        new SourceEffect.Journal(),
        new SourceEffect.Configure(),
        new SourceEffect.MirrorDisks(disks),
        new SourceEffect.Send(new PeerMessage.OpenDisks(next.diskAttempt())));
  }

  static SourceStep mirroring(SourceState state, SourceEvent event) {
    return switch (event) {
      case SourceEvent.FromHypervisor(HypervisorEvent.DisksReady _) ->
          state.connected()
              ? SourceBeforeCommit.open(state)
              : SourceBeforeCommit.aborted(
                  state,
                  "connection-lost",
                  "The connection to the target was lost when its disks were copied");
      default -> SourceBeforeCommit.common(state, event);
    };
  }

  static SourceStep cut(SourceState state) {
    return follows(state)
        ? SourceStep.of(state.withDisksCut(true), new SourceEffect.RetryLater())
        : SourceStep.of(state);
  }

  static SourceStep reconnect(SourceState state) {
    if (!follows(state) || !state.disksCut() || !state.connected()) {
      return SourceStep.of(state);
    }
    SourceState next = state.nextDiskAttempt();
    return SourceStep.of(
        next, new SourceEffect.Send(new PeerMessage.OpenDisks(next.diskAttempt())));
  }

  static SourceStep opened(SourceState state, PeerMessage.DisksOpen open) {
    return follows(state) && open.attempt() == state.diskAttempt()
        ? SourceStep.of(state, new SourceEffect.ConnectDisks(open))
        : SourceStep.of(state);
  }

  /** The guest stands still: what is left of its writes is the last there is. */
  static SourceStep atTheSwitch(SourceState state) {
    return switch (state.copies()) {
      case MIRRORED -> SourceStep.of(state, new SourceEffect.CompleteDisks());
      case NONE, WHOLE -> SourceStep.of(state, new SourceEffect.ContinueSwitch());
      // The transfer is being broken off.
      case DROPPED -> SourceStep.of(state);
    };
  }

  static SourceStep whole(SourceState state) {
    return follows(state)
        ? SourceStep.of(
            state.withCopies(Copies.WHOLE),
            new SourceEffect.Journal(),
            new SourceEffect.ContinueSwitch())
        : SourceStep.of(state);
  }

  /**
   * Until the disks are whole the hypervisor stands before its switch at the latest: a cancel is
   * safe, and is all that wakes it there. Afterwards only the hypervisor knows how far it came.
   */
  static SourceStep breakOff(SourceState state) {
    return follows(state)
        ? SourceBeforeCommit.aborted(
            state,
            "switch-broken",
            "The switch was broken off before the target's disks were whole")
        : SourceStep.of(state, new SourceEffect.BreakTransfer());
  }

  /** The hypervisor has finished without having been told to. */
  static SourceStep completedWithout(SourceState state) {
    return SourceBeforeCommit.aborted(
        state.withGuestFree(),
        "disks-incomplete",
        "The transfer ended before the target's disks were whole");
  }
}
