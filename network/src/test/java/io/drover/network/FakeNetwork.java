package io.drover.network;

import io.drover.linux.TapDevice;
import io.drover.model.GuestName;
import io.drover.model.IpAddress;
import io.drover.model.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A host's kernel in memory; keeps {@link HostNetworkContract} like the real one. */
final class FakeNetwork implements HostNetwork {
  final Map<GuestName, GuestFilter> filters = new LinkedHashMap<>();
  final List<Connection> connections = new ArrayList<>();
  final Map<IpAddress, String> routes = new LinkedHashMap<>();
  final Map<IpAddress, String> returns = new LinkedHashMap<>();
  final List<String> did = new ArrayList<>();
  boolean speaks;
  Optional<Problem> refusal = Optional.empty();

  private void may() {
    refusal.ifPresent(
        problem -> {
          throw problem.asException();
        });
  }

  @Override
  public synchronized GuestFilter filter(GuestName guest) {
    may();
    return filters.getOrDefault(guest, GuestFilter.NONE);
  }

  @Override
  public synchronized void load(GuestName guest, GuestFilter filter) {
    may();
    for (FilterTable table : filter.tables()) {
      if (!table.name().equals(GuestFilter.tableName(guest))) {
        throw Problem.peer("bad-filter", "not its own", "").asException();
      }
      FilterJson.replace(table, FilterJson.commands());
    }
    did.add("load " + guest);
    filters.put(guest, filter);
  }

  @Override
  public synchronized void removeFilter(GuestName guest) {
    may();
    did.add("remove " + guest);
    filters.remove(guest);
  }

  @Override
  public synchronized List<Connection> connections(Collection<IpAddress> addresses) {
    may();
    return connections.stream().filter(each -> each.isOf(addresses)).toList();
  }

  @Override
  public synchronized void restore(List<Connection> restored) {
    may();
    did.add("restore " + restored.size());
    for (Connection connection : restored) {
      if (!connections.contains(connection)) {
        connections.add(connection);
      }
    }
  }

  @Override
  public synchronized void learn(GuestPort port) {
    may();
    did.add("learn " + port.device());
  }

  @Override
  public synchronized void send(String bridge, List<byte[]> frames) {
    may();
    did.add("send " + bridge + " " + frames.size());
  }

  @Override
  public synchronized boolean awaitFrame(GuestPort port, Duration limit) {
    return speaks;
  }

  @Override
  public synchronized void gateway(RoutedBridge bridge) {
    may();
    did.add("gateway " + bridge.name());
  }

  @Override
  public synchronized void isolate(GuestPort port) {
    may();
    did.add("isolate " + port.device());
  }

  @Override
  public synchronized void routeHere(GuestPort port) {
    may();
    port.card().addresses().forEach(address -> routes.put(address, port.card().bridge()));
  }

  @Override
  public synchronized void routeThrough(Collection<IpAddress> addresses, String device) {
    may();
    addresses.forEach(address -> routes.put(address, device));
  }

  @Override
  public synchronized void forgetRoutes(Collection<IpAddress> addresses) {
    may();
    addresses.forEach(routes::remove);
  }

  @Override
  public synchronized void returnThrough(Collection<IpAddress> addresses, String device) {
    may();
    addresses.forEach(address -> returns.put(address, device));
  }

  @Override
  public synchronized void returnDirectly(Collection<IpAddress> addresses) {
    may();
    addresses.forEach(returns::remove);
  }

  @Override
  public TapDevice tunnel(String device) {
    throw new UnsupportedOperationException("a fake host has no devices");
  }

  @Override
  public synchronized void removeTunnel(String device) {
    did.add("remove " + device);
  }
}
