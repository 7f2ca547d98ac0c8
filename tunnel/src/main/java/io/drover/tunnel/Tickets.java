package io.drover.tunnel;

import io.drover.model.HostName;
import io.drover.model.MigrationId;
import io.drover.model.Problem;
import io.drover.wire.Purpose;
import io.drover.wire.Ticket;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/**
 * The tickets that a target has handed out and nobody has used yet. Each lets one connection of one
 * host be one channel of one attempt of one migration, once, for a while. Safe for all threads.
 */
public final class Tickets {
  private final SecureRandom random;
  private final Duration validity;
  private final LongSupplier nanoTime;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Place, Issued> open = new HashMap<>();

  private record Place(MigrationId migration, int attempt, int channel) {}

  private record Issued(Ticket ticket, HostName to, long untilNanos) {}

  /**
   * No tickets yet.
   *
   * @param validity how long a ticket is good for
   */
  public Tickets(SecureRandom random, Duration validity) {
    this(random, validity, System::nanoTime);
  }

  Tickets(SecureRandom random, Duration validity, LongSupplier nanoTime) {
    this.random = random;
    this.validity = validity;
    this.nanoTime = nanoTime;
  }

  /**
   * Issues one ticket for each of the hypervisor's {@code channels} channels, in order. Whatever
   * was issued for them in earlier attempts of this migration is no longer good.
   */
  public List<Ticket> issue(MigrationId migration, int attempt, int channels, HostName to) {
    return issue(migration, attempt, IntStream.range(0, channels).boxed().toList(), to);
  }

  /** As above, for these channels, which are all of disks or all of the hypervisor. */
  public List<Ticket> issue(
      MigrationId migration, int attempt, List<Integer> channels, HostName to) {
    lock.lock();
    try {
      open.keySet()
          .removeIf(
              place ->
                  place.migration().equals(migration)
                      && channels.stream()
                          .anyMatch(channel -> ofDisk(channel) == ofDisk(place.channel())));
      long now = nanoTime.getAsLong();
      open.values().removeIf(issued -> issued.untilNanos() - now < 0);
      long until = now + validity.toNanos();
      List<Ticket> tickets = new ArrayList<>();
      for (int channel : channels) {
        Ticket ticket = new Ticket(random.nextLong(), random.nextLong());
        open.put(new Place(migration, attempt, channel), new Issued(ticket, to, until));
        tickets.add(ticket);
      }
      return tickets;
    } finally {
      lock.unlock();
    }
  }

  private static boolean ofDisk(int channel) {
    return channel >= Purpose.Channel.FIRST_DISK;
  }

  /** Makes all tickets of a migration's hypervisor useless. */
  public void revoke(MigrationId migration) {
    lock.lock();
    try {
      open.keySet()
          .removeIf(place -> place.migration().equals(migration) && !ofDisk(place.channel()));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Uses a ticket up.
   *
   * @return why it is not good; empty if it was
   */
  public Optional<Problem> redeem(HostName from, Purpose.Channel channel) {
    Place place = new Place(channel.migration(), channel.attempt(), channel.channel());
    lock.lock();
    try {
      Issued issued = open.get(place);
      if (issued == null) {
        return refused(from, channel, "none is open for it: it was used, revoked or never issued");
      }
      if (issued.untilNanos() - nanoTime.getAsLong() < 0) {
        open.remove(place);
        return refused(from, channel, "it has expired");
      }
      if (!issued.to().equals(from)) {
        return refused(from, channel, "it was issued to another host");
      }
      // A wrong guess does not use the right one up: else one host could spoil another's move.
      if (!MessageDigest.isEqual(bytes(issued.ticket()), bytes(channel.ticket()))) {
        return refused(from, channel, "it is not the one that was issued");
      }
      open.remove(place);
      return Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  private Optional<Problem> refused(HostName from, Purpose.Channel channel, String why) {
    return Optional.of(
        Problem.peer(
            "bad-ticket",
            "The ticket of host %s for channel %d, attempt %d of migration %s is refused: %s"
                .formatted(from, channel.channel(), channel.attempt(), channel.migration(), why),
            "Tickets are good for one connection within %d s; the source asks for new ones."
                .formatted(TimeUnit.NANOSECONDS.toSeconds(validity.toNanos()))));
  }

  private static byte[] bytes(Ticket ticket) {
    return ByteBuffer.allocate(16).putLong(ticket.high()).putLong(ticket.low()).array();
  }
}
