package io.drover.network;

import io.drover.model.HostName;
import java.util.Optional;

/** Who may get a guest's packets. */
final class ClaimRules {
  private ClaimRules() {}

  /**
   * Why a claim is not granted, if it is not.
   *
   * @param known what this host knows of the guest, if anything
   * @param next where it is moving from here, if it is
   */
  static Optional<String> refusal(
      HostName self,
      HostName peer,
      RedirectMessage.Claim claim,
      Optional<GuestWhereabouts> known,
      Optional<GuestWhereabouts> next) {
    if (known.isEmpty()) {
      return Optional.of("the guest was never here, or nothing has come for it for long");
    }
    GuestWhereabouts now = known.get();
    if (!now.addresses().containsAll(claim.addresses())) {
      return Optional.of("the guest had other addresses here");
    }
    if (claim.sequence() < now.sequence()) {
      return Optional.of(
          "it has moved %d times by now, not %d".formatted(now.sequence(), claim.sequence()));
    }
    if (now.isAt(self)) {
      boolean leaving =
          next.filter(each -> each.isAt(peer) && each.sequence() == claim.sequence()).isPresent();
      return leaving ? Optional.empty() : Optional.of("the guest is here");
    }
    return claim.sequence() == now.sequence() && !now.isAt(peer)
        ? Optional.of("the same move took it to " + now.at())
        : Optional.empty();
  }
}
