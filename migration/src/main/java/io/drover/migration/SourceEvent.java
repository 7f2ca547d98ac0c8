package io.drover.migration;

import io.drover.model.Problem;
import io.drover.wire.PeerMessage;

/** What can happen to a source. */
public sealed interface SourceEvent {
  /** The first control connection, or one that replaces it, stands. */
  record Connected() implements SourceEvent {}

  /** The target cannot be reached, or refused the connection, before anything was asked of it. */
  record Unreachable(Problem problem) implements SourceEvent {}

  /** The control connection broke; the driver tries to replace it until told otherwise. */
  record Disconnected(String reason) implements SourceEvent {}

  record FromPeer(PeerMessage message) implements SourceEvent {}

  record FromHypervisor(HypervisorEvent event) implements SourceEvent {}

  /** The mode's plan, or a person, wants post-copy now. */
  record SwitchWanted() implements SourceEvent {}

  record CancelRequested() implements SourceEvent {}

  /** Nothing has moved for too long, or the guest has stood still for too long. */
  record Stalled(String reason) implements SourceEvent {}

  /** The channels of the current attempt broke. */
  record ChannelsBroken(String reason) implements SourceEvent {}

  /** A disk's channel broke; whatever its mirror writes waits. */
  record DisksCut(String reason) implements SourceEvent {}

  /** The pause asked for by {@link SourceEffect.RetryLater} is over. */
  record RetryDue() implements SourceEvent {}

  /** {@link SourceEffect.ContinueGuest} was carried out. */
  record GuestContinued() implements SourceEvent {}

  /**
   * An effect did not succeed. A message that could not be sent is no failure: {@link Disconnected}
   * follows.
   */
  record EffectFailed(SourceEffect effect, Problem problem) implements SourceEvent {}

  /** This agent was started again and found the migration in its journal. */
  record AgentRestarted(TransferState transfer) implements SourceEvent {}

  /** A person decides what the agents cannot know. */
  record Resolved(Decision decision) implements SourceEvent {}

  /** See {@link Resolved}. */
  enum Decision {
    /** The target has the guest. */
    TARGET_HAS_IT,
    /** The target is dead and never ran the guest, or never will again. */
    TAKE_BACK
  }
}
