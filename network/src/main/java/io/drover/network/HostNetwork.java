package io.drover.network;

import io.drover.model.GuestName;
import io.drover.model.IpAddress;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.OptionalInt;

/**
 * What this host's kernel does with guests' packets, as far as moves change it. Every call may be
 * repeated and then changes nothing more; what fails is a {@link io.drover.model.ProblemException}.
 * Safe for all threads.
 */
public interface HostNetwork {
  // ---- the filter: tables of the guest's own, see GuestFilter ----

  GuestFilter filter(GuestName guest);

  /**
   * Puts the filter in force in place of any of this guest's that is there, all at once, and checks
   * that the kernel now has what was wanted.
   */
  void load(GuestName guest, GuestFilter filter);

  /** Removes the guest's own tables and nothing else. */
  void removeFilter(GuestName guest);

  // ---- connections ----

  /** Those that the kernel tracks and one of these addresses is an end of. */
  List<Connection> connections(Collection<IpAddress> addresses);

  /** Makes the kernel know them; what it knows already stays as it is. */
  void restore(List<Connection> connections);

  // ---- bridges ----

  /** Frames for the card go to its device from now on, wherever they went before. */
  void learn(GuestPort port);

  /** Makes the bridge, if it is not there, and this host the gateway on it. */
  void gateway(RoutedBridge bridge);

  /**
   * Lets the card speak to nobody but the gateway: what it sends to other guests is routed too, and
   * so meets their filters, and none of them has to learn when it moves.
   */
  void isolate(GuestPort port);

  /** Sends frames out of the host's side of a bridge, to all of its ports. */
  void send(String bridge, List<byte[]> frames);

  /**
   * Waits until the guest itself says something by this port: a frame that its hypervisor does not
   * send in its name. Answers whether it did in time.
   */
  boolean awaitFrame(GuestPort port, Duration limit);

  // ---- routes, in tables of Drover's own ----

  /** The card's addresses are on its bridge here. */
  void routeHere(GuestPort port);

  /** They are beyond this device. */
  void routeThrough(Collection<IpAddress> addresses, String device);

  /** Nothing special is known of them any more. */
  void forgetRoutes(Collection<IpAddress> addresses);

  /** What these addresses send leaves by this device. */
  void returnThrough(Collection<IpAddress> addresses, String device);

  /** What they send leaves as all else does. */
  void returnDirectly(Collection<IpAddress> addresses);

  /**
   * Makes a device whose packets this process carries, or takes it up again, and sets it up. It
   * stays, and drops what is sent to it, when the process ends.
   */
  PacketDevice tunnel(String device);

  void removeTunnel(String device);

  /** Packets between the kernel and this process; see {@link io.drover.linux.TapDevice}. */
  interface PacketDevice {
    OptionalInt read(MemorySegment into, int timeoutMillis);

    boolean write(MemorySegment packet);

    void close();
  }

  // ---- devices whose packets the kernel carries, in the clear ----

  /**
   * Makes the device, unless it is there as it is wanted, and sets it up. It carries packets until
   * it is removed, whatever becomes of this process.
   */
  void plain(Vxlan vxlan);

  /** From now on only the peer's packets come out of it, from the ones or for the others. */
  void letIn(Vxlan vxlan, Collection<IpAddress> from, Collection<IpAddress> to);

  /** To see whether it carries packets of its full size. */
  Probes probes(Vxlan vxlan);

  /** For one thread, a platform thread. */
  interface Probes extends AutoCloseable {
    void send();

    /** Whether one of the peer's came within that time. */
    boolean receive(int timeoutMillis);

    @Override
    void close();
  }

  /** Those that are there, an earlier run's as well. */
  List<String> plainDevices();

  void removePlain(String device);
}
