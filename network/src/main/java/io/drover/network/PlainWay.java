package io.drover.network;

import io.drover.model.IpAddress;
import io.drover.model.ProblemException;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A VXLAN device to a peer: the kernel carries its packets, in the clear. What this process does is
 * to see, by a packet of full size every so often, that such packets arrive: a firewall or a narrow
 * link on the way would swallow them without a word.
 */
final class PlainWay implements PacketWay {
  private static final Logger LOG = LoggerFactory.getLogger(PlainWay.class);
  private static final int POLL_MILLIS = 100;
  private static final Duration OFTEN = Duration.ofMillis(200);
  private static final Duration SELDOM = Duration.ofSeconds(2);

  private final HostNetwork network;
  private final String device;
  private final Optional<Vxlan> vxlan;
  private volatile boolean closed;

  private PlainWay(HostNetwork network, String device, Optional<Vxlan> vxlan) {
    this.network = network;
    this.device = device;
    this.vxlan = vxlan;
  }

  /** One that an earlier run made: it goes on as it is until the peer is heard of again. */
  static PlainWay left(HostNetwork network, String device) {
    return new PlainWay(network, device, Optional.empty());
  }

  /**
   * Makes it, or takes it up again, and probes it from now on.
   *
   * @param heard is called, on a thread of its own, whenever a whole packet of the peer's came
   */
  static PlainWay make(
      HostNetwork network,
      Vxlan vxlan,
      Collection<IpAddress> from,
      Collection<IpAddress> to,
      Runnable heard) {
    PlainWay made = new PlainWay(network, vxlan.device(), Optional.of(vxlan));
    try {
      // The rules first, so that it is never open to all.
      network.letIn(vxlan, from, to);
      network.plain(vxlan);
      HostNetwork.Probes probes = network.probes(vxlan);
      // Waiting for a packet blocks in native code, which would pin a virtual thread's carrier.
      Thread.ofPlatform()
          .daemon()
          .name("probe-" + vxlan.device())
          .start(() -> made.probe(probes, heard));
    } catch (ProblemException e) {
      made.remove();
      throw e;
    }
    return made;
  }

  private void probe(HostNetwork.Probes probes, Runnable heard) {
    long began = System.nanoTime();
    long next = began;
    try (probes) {
      while (!closed) {
        long now = System.nanoTime();
        if (now - next >= 0) {
          probes.send();
          // Often at first: the peer's end may be made a moment later.
          next = now + (now - began < SELDOM.toNanos() ? OFTEN : SELDOM).toNanos();
        }
        if (probes.receive(POLL_MILLIS) && !closed) {
          heard.run();
        }
      }
    } catch (ProblemException e) {
      LOG.warn("device={} is not probed any more: {}", device, e.problem());
    }
  }

  @Override
  public String device() {
    return device;
  }

  @Override
  public Reachability.Carrier carrier() {
    return Reachability.Carrier.VXLAN;
  }

  @Override
  public void letIn(Collection<IpAddress> from, Collection<IpAddress> to) {
    // Of one that was left its own rules still hold.
    vxlan.ifPresent(each -> network.letIn(each, from, to));
  }

  @Override
  public void close() {
    closed = true;
  }

  @Override
  public void remove() {
    close();
    network.removePlain(device);
  }
}
