package io.drover.network;

import io.drover.model.GuestName;
import io.drover.model.IpAddress;
import java.util.List;

/** What two hosts say of guests whose packets go from one to the other, and of the way there. */
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

  /** About the path between the two hosts. */
  sealed interface OfPath extends RedirectMessage {}

  /**
   * The operator here trusts the path: packets may go plainly, from here to that address, if the
   * operator there trusts it as well.
   *
   * @param to the peer's address as this host knows it
   * @param port UDP's, at both ends
   */
  record Trusts(IpAddress to, int port) implements OfPath {
    public Trusts {
      if (port < 1 || port > 0xffff) {
        throw new IllegalArgumentException("port %d".formatted(port));
      }
    }
  }

  /** A packet of that size came plainly. */
  record Arrives(int bytes) implements OfPath {}

  /** Packets are not to be sent plainly. */
  record Distrusts(String reason) implements OfPath {}
}
