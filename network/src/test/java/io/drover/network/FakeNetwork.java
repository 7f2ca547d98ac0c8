package io.drover.network;

import io.drover.model.GuestName;
import io.drover.model.IpAddress;
import io.drover.model.Problem;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A host's kernel in memory; keeps {@link HostNetworkContract} like the real one. Its tunnels carry
 * nothing; its plain devices reach the {@link #other} host.
 */
final class FakeNetwork implements HostNetwork {
  final Map<GuestName, GuestFilter> filters = new LinkedHashMap<>();
  final List<Connection> connections = new ArrayList<>();
  final Map<IpAddress, String> routes = new LinkedHashMap<>();
  final Map<IpAddress, String> returns = new LinkedHashMap<>();
  final List<String> did = new ArrayList<>();
  final Map<String, Vxlan> plain = new LinkedHashMap<>();
  private final Map<String, BlockingQueue<Vxlan>> probes = new ConcurrentHashMap<>();
  volatile Optional<FakeNetwork> other = Optional.empty();
  boolean speaks;
  Optional<Problem> refusal = Optional.empty();
  Optional<Problem> plainRefusal = Optional.empty();

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
  public PacketDevice tunnel(String device) {
    may();
    return new PacketDevice() {
      @Override
      public OptionalInt read(MemorySegment into, int timeoutMillis) {
        try {
          Thread.sleep(timeoutMillis);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
        return OptionalInt.empty();
      }

      @Override
      public boolean write(MemorySegment packet) {
        return true;
      }

      @Override
      public void close() {
        // Nothing is open.
      }
    };
  }

  @Override
  public synchronized void plain(Vxlan vxlan) {
    may();
    plainRefusal.ifPresent(
        problem -> {
          throw problem.asException();
        });
    plain.put(vxlan.device(), vxlan);
  }

  @Override
  public synchronized void letIn(
      Vxlan vxlan, Collection<IpAddress> from, Collection<IpAddress> to) {
    may();
    did.add("let in %s %s %s".formatted(vxlan.device(), from, to));
  }

  @Override
  public Probes probes(Vxlan vxlan) {
    BlockingQueue<Vxlan> came = queue(vxlan.device());
    return new Probes() {
      @Override
      public void send() {
        other.ifPresent(peer -> peer.arrive(vxlan));
      }

      @Override
      public boolean receive(int timeoutMillis) {
        try {
          return came.poll(timeoutMillis, TimeUnit.MILLISECONDS) != null;
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return false;
        }
      }

      @Override
      public void close() {
        // Nothing is open.
      }
    };
  }

  private BlockingQueue<Vxlan> queue(String device) {
    return probes.computeIfAbsent(device, _ -> new LinkedBlockingQueue<>());
  }

  private synchronized void arrive(Vxlan sent) {
    for (Vxlan each : plain.values()) {
      if (each.vni() == sent.vni()
          && each.port() == sent.port()
          && each.local().equals(sent.remote())
          && each.remote().equals(sent.local())
          && each.mac().equals(sent.peerMac())) {
        queue(each.device()).add(sent);
      }
    }
  }

  @Override
  public synchronized List<String> plainDevices() {
    return List.copyOf(plain.keySet());
  }

  @Override
  public synchronized void removePlain(String device) {
    plain.remove(device);
  }

  synchronized Optional<String> route(IpAddress address) {
    return Optional.ofNullable(routes.get(address));
  }

  synchronized Optional<String> wayBack(IpAddress address) {
    return Optional.ofNullable(returns.get(address));
  }

  @Override
  public synchronized void removeTunnel(String device) {
    did.add("remove " + device);
  }
}
