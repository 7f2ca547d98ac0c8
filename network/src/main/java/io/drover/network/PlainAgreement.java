package io.drover.network;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Whether guests' packets go plainly between this host and a peer. They do once both operators
 * trust the path and whole packets have been seen to arrive both ways, and for as long as they are:
 * each end hears the other's probes, and is told that its own are heard. So both ends come to the
 * same answer, which matters: a kernel that checks strictly where packets come from takes them only
 * from the device that it would answer by.
 *
 * <p>Nothing changes while the agents are not connected: what is plain goes on without them. Not
 * safe for threads. Times are {@link System#nanoTime}'s.
 */
final class PlainAgreement {
  /** So long may probes stay away, and so long may an answer be waited for. */
  static final Duration PATIENCE = Duration.ofSeconds(8);

  private final int port;
  private boolean carries;
  private boolean refused;
  private long askedNanos;
  private OptionalLong heardNanos = OptionalLong.empty();
  private OptionalLong toldNanos = OptionalLong.empty();
  private Optional<String> obstacle = Optional.empty();

  PlainAgreement(int port) {
    this.port = port;
  }

  /** Whether the plain device is the one by which packets go. */
  boolean carries() {
    return carries;
  }

  /** Why they do not go plainly, where at least one of the two operators trusts the path. */
  Optional<String> obstacle() {
    return obstacle;
  }

  /** An earlier run of this agent agreed, and its device is still there. */
  void carriedBefore() {
    carries = true;
  }

  /** The agents are connected and this host says that it trusts the path. */
  void ask(long now) {
    askedNanos = now;
    if (!carries) {
      obstacle = Optional.of("the two hosts have not agreed on that yet");
    }
  }

  /** The agents are connected and this host says nothing of the path. */
  void saysNothing() {
    obstacle = Optional.empty();
  }

  /** Both operators trust the path, and this end's device is there. */
  void made() {
    refused = false;
  }

  /** One of the two will not, or cannot. */
  void refuse(String why) {
    refused = true;
    carries = false;
    heardNanos = OptionalLong.empty();
    toldNanos = OptionalLong.empty();
    obstacle = Optional.of(why);
  }

  /** A whole packet of the peer's came plainly. */
  void heard(long now) {
    heardNanos = OptionalLong.of(now);
  }

  /** The peer says that one of this host's did. */
  void told(long now) {
    toldNanos = OptionalLong.of(now);
  }

  /** Draws the conclusion; to be called while the agents are connected. */
  void judge(long now) {
    boolean here = isRecent(heardNanos, now);
    boolean there = isRecent(toldNanos, now);
    if (refused) {
      return;
    }
    if (here && there) {
      carries = true;
      obstacle = Optional.empty();
    } else if (now - askedNanos > PATIENCE.toNanos()) {
      carries = false;
      obstacle =
          Optional.of(
              "packets of %d bytes to UDP port %d do not arrive %s"
                  .formatted(Vxlan.MTU, port, here ? "there" : there ? "here" : "at either end"));
    }
  }

  private static boolean isRecent(OptionalLong nanos, long now) {
    return nanos.isPresent() && now - nanos.getAsLong() <= PATIENCE.toNanos();
  }
}
