package io.drover.network;

import io.drover.model.GuestName;
import io.drover.model.IpAddress;
import java.util.List;

/** What two hosts say of guests whose packets go from one to the other; between packets. */
sealed interface RedirectMessage {
  /**
   * The guest is here, by its move number {@code sequence}: send me what arrives for it.
   *
   * @param guest its name
   */
  record Claim(GuestName guest, long sequence, List<IpAddress> addresses)
      implements RedirectMessage {
    public Claim {
      addresses = List.copyOf(addresses);
      if (addresses.size() > 256) {
        throw new IllegalArgumentException("%d addresses".formatted(addresses.size()));
      }
    }
  }

  /** From now on it is sent there. */
  record Granted(GuestName guest, long sequence) implements RedirectMessage {}

  /** It is not, and asking again does not help. */
  record Denied(GuestName guest, long sequence, String reason) implements RedirectMessage {}

  /** It is not sent any more, since nothing came; or, of the one who claimed, is not wanted. */
  record Ended(GuestName guest, long sequence) implements RedirectMessage {}
}
