package io.drover.agent;

import io.drover.api.NetworkView;
import io.drover.model.HostName;
import io.drover.model.IpAddress;
import io.drover.network.GuestPort;
import io.drover.network.Reachability;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/** How guests are reached, in the API's words. */
final class Networks {
  private Networks() {}

  static NetworkView view(
      HostName self, Reachability found, List<GuestPort> ports, Predicate<GuestPort> routed) {
    return new NetworkView(
        found.guest().value(),
        self.value(),
        found.at().value(),
        found.moves(),
        ports.stream().map(port -> card(port, routed.test(port))).toList(),
        texts(found.routed()),
        found.ways().stream().map(Networks::way).toList(),
        found.wayOut().map(HostName::value),
        found.filter().tables().stream().map(table -> table.family() + " " + table.name()).toList(),
        found.filter().isEmpty() ? Optional.empty() : Optional.of(found.filter().hash()),
        found.connections(),
        found.names());
  }

  private static NetworkView.PortView card(GuestPort port, boolean routed) {
    return new NetworkView.PortView(
        port.device(),
        port.card().mac(),
        port.card().bridge(),
        routed,
        texts(port.card().addresses()),
        port.card().dnsName());
  }

  private static NetworkView.WayView way(Reachability.Way way) {
    return new NetworkView.WayView(
        way.host().value(),
        way.direction().name().toLowerCase(Locale.ROOT),
        way.stands(),
        way.agreed(),
        way.carrier().name().toLowerCase(Locale.ROOT),
        way.note());
  }

  private static List<String> texts(List<IpAddress> addresses) {
    return addresses.stream().map(IpAddress::text).toList();
  }
}
