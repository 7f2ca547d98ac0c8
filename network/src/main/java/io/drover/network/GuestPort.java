package io.drover.network;

import io.drover.model.NetworkCard;
import java.util.HexFormat;

/**
 * A guest's network card on this host.
 *
 * @param device the card's tap device, called alike on every host
 */
public record GuestPort(String device, NetworkCard card) {
  byte[] mac() {
    return HexFormat.ofDelimiter(":").parseHex(card.mac());
  }
}
