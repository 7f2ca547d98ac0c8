package io.drover.network;

import io.drover.model.GuestName;
import io.drover.model.IpAddress;
import io.drover.model.NetworkCard;
import java.util.List;
import java.util.Objects;

/**
 * The names of a guest, as the host tells them that has it.
 *
 * @param sequence the number of the move that brought it there
 */
record GuestNames(GuestName guest, long sequence, List<Card> cards) {
  private static final int MAX_CARDS = 16;
  private static final int MAX_ADDRESSES = 16;

  /**
   * A card that has a name.
   *
   * @param name as the guest's definition has it, with or without a zone
   */
  record Card(String name, List<IpAddress> addresses) {
    Card {
      addresses = List.copyOf(addresses);
      if (!NetworkCard.isDnsName(name) || addresses.size() > MAX_ADDRESSES) {
        throw new IllegalArgumentException("'%s' at %s".formatted(name, addresses));
      }
    }
  }

  GuestNames {
    Objects.requireNonNull(guest);
    cards = List.copyOf(cards);
    if (sequence < 0 || cards.size() > MAX_CARDS) {
      throw new IllegalArgumentException(
          "%d cards of %s after move %d".formatted(cards.size(), guest, sequence));
    }
  }

  static GuestNames of(GuestWhereabouts now, List<GuestPort> ports) {
    return new GuestNames(
        now.guest(),
        now.sequence(),
        ports.stream()
            .map(GuestPort::card)
            .flatMap(card -> card.dnsName().map(name -> new Card(name, card.addresses())).stream())
            .toList());
  }
}
