package io.drover.agent;

import io.drover.model.GuestDefinition;
import io.drover.network.GuestPort;
import io.drover.qemu.QemuLauncher;
import java.util.List;
import java.util.stream.IntStream;

/** A guest's network cards as this host, and every other, names their devices. */
final class GuestPorts {
  private GuestPorts() {}

  static List<GuestPort> of(GuestDefinition guest) {
    return IntStream.range(0, guest.networkCards().size())
        .mapToObj(
            card ->
                new GuestPort(QemuLauncher.deviceOf(guest, card), guest.networkCards().get(card)))
        .toList();
  }
}
