package io.drover.network;

import io.drover.model.ProblemException;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a network where a guest is, and tells it again: the first frames may meet a port that does
 * not forward yet, and neighbours that believe an entry of theirs to be too fresh to be replaced.
 */
public final class Announcer {
  private static final Logger LOG = LoggerFactory.getLogger(Announcer.class);

  /** From the first frame, which is sent at once. */
  private static final List<Duration> AGAIN =
      List.of(
          Duration.ofMillis(50),
          Duration.ofMillis(150),
          Duration.ofMillis(350),
          Duration.ofMillis(750),
          Duration.ofMillis(1500),
          Duration.ofMillis(3000));

  private final HostNetwork network;

  public Announcer(HostNetwork network) {
    this.network = network;
  }

  String sentence(GuestPort port) {
    int addresses = port.card().addresses().size();
    return "%s on bridge %s, %d times: RARP%s"
        .formatted(
            port.card().mac(),
            port.card().bridge(),
            AGAIN.size() + 1,
            addresses == 0
                ? " only, since the card's addresses are not known"
                : ", gratuitous ARP and neighbour advertisements for %d addresses"
                    .formatted(addresses));
  }

  /** Sends the first frames before it returns, and the others from a thread of its own. */
  String announce(GuestPort port) {
    List<byte[]> frames = Announcement.of(port);
    network.send(port.card().bridge(), frames);
    Thread.ofVirtual().name("announce-" + port.device()).start(() -> repeat(port, frames));
    return sentence(port);
  }

  private void repeat(GuestPort port, List<byte[]> frames) {
    long began = System.nanoTime();
    try {
      for (Duration when : AGAIN) {
        long wait = when.toNanos() - (System.nanoTime() - began);
        Thread.sleep(Duration.ofNanos(Math.max(0, wait)));
        network.send(port.card().bridge(), frames);
      }
    } catch (ProblemException e) {
      LOG.warn("{} is not announced any more: {}", port.device(), e.problem());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
