package io.drover.migration;

import io.drover.migration.SourceState.Stage;
import io.drover.wire.PeerMessage;

/**
 * The source of a migration as a pure function. It decides; {@link SourceDriver} acts.
 *
 * <p>The source coordinates a commit in two phases, because at most one copy of the guest may run
 * and the link can break between any two messages. The target only ever runs the guest after {@link
 * PeerMessage.Commit}; the source sends that only when its own hypervisor cannot lose the guest any
 * more (pre-copy: everything sent and loaded; post-copy: the device state has left), and journals
 * it first. So before the commit the source may always take the guest back without asking, and
 * after it never does, unless the target attests that the guest never ran there. A target that has
 * loaded the guest and hears nothing waits, for as long as it takes.
 */
public final class SourceMachine {
  private SourceMachine() {}

  public static SourceStep start(SourceState initial) {
    return SourceStep.of(initial, new SourceEffect.Journal(), new SourceEffect.Connect());
  }

  public static SourceStep step(SourceState state, SourceEvent event) {
    if (event instanceof SourceEvent.AgentRestarted restarted) {
      return SourceRestart.step(state.withConnected(false), restarted.transfer());
    }
    SourceState seen =
        switch (event) {
          case SourceEvent.Connected() -> state.withConnected(true);
          // The disks' channels may have gone with it, and an answer about them is lost in any
          // case.
          case SourceEvent.Disconnected(String _) ->
              state.withConnected(false).withDisksCut(SourceMirror.follows(state));
          case SourceEvent.FromHypervisor(HypervisorEvent.PostCopyPaused _) ->
              state.withSelfPaused(true).withSwitched();
          case SourceEvent.FromPeer(PeerMessage.DisksSettled()) -> state.withSettledThere();
          default -> state;
        };
    return switch (seen.stage()) {
      case CONNECTING, PREPARING, MIRRORING, OPENING, COPYING, SWITCHING ->
          SourceBeforeCommit.step(seen, event);
      case COMMITTED, POSTCOPY, PAUSED, RECOVERING, REBUILDING, FINISHING ->
          SourceAfterCommit.step(seen, event);
      case ABORTING, ENDED -> SourceAbort.step(seen, event);
    };
  }

  /** The one place where the guest is given up. */
  static SourceStep commit(SourceState state, Stage next) {
    return SourceStep.of(
        state.at(next),
        new SourceEffect.Journal(),
        new SourceEffect.Send(new PeerMessage.Commit(state.wasRunning())));
  }
}
