package io.drover.migration;

import io.drover.model.Problem;
import io.drover.wire.PeerMessage;

/** What can happen to a target. */
public sealed interface TargetEvent {
  /** A control connection stands (again); its first message says what the source wants. */
  record Connected() implements TargetEvent {}

  record Disconnected(String reason) implements TargetEvent {}

  record FromPeer(PeerMessage message) implements TargetEvent {}

  record FromHypervisor(HypervisorEvent event) implements TargetEvent {}

  /** The hypervisor waits for {@link TargetEffect.ListenFor}. */
  record Launched() implements TargetEvent {}

  /** The hypervisor listens, and the channels' tickets are made. */
  record Listening(PeerMessage.Listening listening) implements TargetEvent {}

  /** What came of the disks is on stable storage. */
  record DisksSettled() implements TargetEvent {}

  record ChannelsBroken(String reason) implements TargetEvent {}

  /** The source has been silent for so long that an unfinished arrival is given up. */
  record Abandoned() implements TargetEvent {}

  record EffectFailed(TargetEffect effect, Problem problem) implements TargetEvent {}

  /** This agent was started again and found the migration in its journal. */
  record AgentRestarted(TransferState transfer) implements TargetEvent {}

  /** A person decides what the agents cannot know. */
  record Resolved(Decision decision) implements TargetEvent {}

  /** See {@link Resolved}. */
  enum Decision {
    RUN,
    DISCARD
  }
}
