package io.drover.network;

import io.drover.model.ContinuityStep;
import java.util.List;
import java.util.Optional;

/** What two hosts tell each other so that a guest stays reachable; docs/protocol.md has it too. */
sealed interface ContinuityMessage {
  /**
   * Of the source, before anything moves.
   *
   * @param whereabouts as they will be after the move; of guests on routed bridges
   */
  record Offer(GuestFilter filter, Optional<GuestWhereabouts> whereabouts)
      implements ContinuityMessage {}

  /** Of the target, before it says that it is prepared: what it is going to do. */
  record Answer(List<ContinuityStep> steps) implements ContinuityMessage {
    public Answer {
      steps = List.copyOf(steps);
    }
  }

  /**
   * Of the source, once the guest has stopped there and before the target may run it.
   *
   * @param filter what it is by now, if it changed since the offer
   * @param connections in conntrack's own words
   */
  record HandOver(Optional<GuestFilter> filter, List<String> connections)
      implements ContinuityMessage {
    public HandOver {
      connections = List.copyOf(connections);
    }
  }

  /** Of the target: what has been done. */
  record Report(List<ContinuityStep> steps) implements ContinuityMessage {
    public Report {
      steps = List.copyOf(steps);
    }
  }
}
