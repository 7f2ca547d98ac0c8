package io.drover.network;

import io.drover.model.IpAddress;
import java.util.List;

/**
 * A bridge that ends at its host: the host is the gateway of the guests on it. Every host that has
 * a bridge of this name gives it the same addresses and the same MAC address, so that a guest finds
 * its gateway unchanged wherever it goes, cached entries and all.
 */
public record RoutedBridge(String name, String mac, List<IpAddress> gateway) {
  public RoutedBridge {
    gateway = List.copyOf(gateway);
  }
}
