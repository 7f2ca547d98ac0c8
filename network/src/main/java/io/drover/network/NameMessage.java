package io.drover.network;

import io.drover.model.GuestName;
import java.util.Objects;

/** What is said between a host and one that wants to know its guests' names. */
sealed interface NameMessage {
  /** The guest is here, or has other names by now. */
  record Here(GuestNames names) implements NameMessage {}

  /** The guest is not here any more. */
  record Gone(GuestName guest) implements NameMessage {
    public Gone {
      Objects.requireNonNull(guest);
    }
  }

  /** There are no others than were told up to here; once, at the beginning. */
  record All() implements NameMessage {}

  /**
   * Nothing else is to be said for now; answered by the same, so that both know the other lives.
   */
  record Alive() implements NameMessage {}
}
