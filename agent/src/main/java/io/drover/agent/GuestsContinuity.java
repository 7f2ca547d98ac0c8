package io.drover.agent;

import io.drover.model.GuestDefinition;
import io.drover.network.Continuity;

/** Keeps this host's network in step with the guests that are here. */
record GuestsContinuity(Continuity continuity) implements Guests.Follower {
  @Override
  public void found(GuestDefinition guest) {
    if (!guest.networkCards().isEmpty()) {
      continuity.found(guest.name(), GuestPorts.of(guest));
    }
  }

  @Override
  public void runsAgain(GuestDefinition guest) {
    if (!guest.networkCards().isEmpty()) {
      continuity.runsAgain(guest.name(), GuestPorts.of(guest));
    }
  }

  @Override
  public void ended(GuestDefinition guest) {
    continuity.ended(guest.name());
  }
}
