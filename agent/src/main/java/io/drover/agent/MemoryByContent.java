package io.drover.agent;

import io.drover.api.MigrationView.ContentView;
import io.drover.chunk.Grain;
import io.drover.chunk.exchange.Compression;
import io.drover.chunk.exchange.Saving;
import io.drover.model.ByteRate;
import io.drover.model.Dedup;
import io.drover.model.MigrationId;
import io.drover.tunnel.Coding;
import io.drover.wire.PeerMessage;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One guest's memory on its way out by content, over all attempts. */
final class MemoryByContent {
  private static final Logger LOG = LoggerFactory.getLogger(MemoryByContent.class);
  private static final int BATCH_BYTES = 128 << 10;
  private static final int USUAL_IN_FLIGHT_BYTES = 2 << 20;

  private final MigrationId migration;
  private final NamingWorth worth;
  private final Supplier<Optional<Checkpoint>> checkpoints;
  private final List<SendingPages> attempts = new CopyOnWriteArrayList<>();
  private final List<PackedPages> urgent = new CopyOnWriteArrayList<>();
  private volatile int inFlightBytes = USUAL_IN_FLIGHT_BYTES;
  private Optional<Checkpoint> checkpoint = Optional.empty();

  /** What became of the guest. */
  enum Guest {
    LEFT,
    STAYED
  }

  /**
   * Nothing has crossed yet.
   *
   * @param link what it carries, once that is known
   * @param checkpoints begins one, where this host keeps any
   */
  MemoryByContent(
      MigrationId migration,
      Dedup wanted,
      Supplier<Optional<ByteRate>> link,
      Supplier<Optional<Checkpoint>> checkpoints) {
    this.migration = migration;
    this.worth = new NamingWorth(wanted, link, System::nanoTime);
    this.checkpoints = checkpoints;
  }

  /**
   * How much of what the peer lacks may be under way, for attempts from now on: enough to keep the
   * link busy, and little enough to be out of the way at the switch.
   */
  void limitInFlight(int bytes) {
    inFlightBytes = bytes;
  }

  /** For the main channel of the next attempt. */
  Coding.Factory coding(String name, PeerMessage.ContentUse agreed) {
    Compression compression = HeldChunks.compression(agreed);
    return (toPeer, toHypervisor, hypervisorEnd) ->
        begin(name, compression, toPeer, toHypervisor, hypervisorEnd);
  }

  /** For the urgent channel of the next attempt, if what crosses may be packed. */
  Coding.Factory urgentCoding(PeerMessage.ContentUse agreed) {
    Compression compression = HeldChunks.compression(agreed);
    return (toPeer, toHypervisor, hypervisorEnd) -> {
      PackedPages made = new PackedPages(compression, toPeer, toHypervisor, hypervisorEnd);
      urgent.add(made);
      return made;
    };
  }

  private synchronized SendingPages begin(
      String name,
      Compression compression,
      Coding.Sink toPeer,
      Coding.Sink toHypervisor,
      Coding.End hypervisorEnd) {
    if (attempts.isEmpty()) {
      checkpoint = checkpoints.get();
    }
    SendingPages made =
        new SendingPages(
            name,
            inFlightBytes / BATCH_BYTES,
            compression,
            attempts.isEmpty() ? Optional.empty() : Optional.of(attempts.getLast()),
            worth,
            checkpoint.map(kept -> kept),
            toPeer,
            toHypervisor,
            hypervisorEnd);
    attempts.add(made);
    return made;
  }

  /** What people are shown; nothing where content was not used. */
  Optional<ContentView> view() {
    return attempts.isEmpty()
        ? Optional.empty()
        : Optional.of(
            view(
                attempts.stream().map(SendingPages::saving).toList(), packed(urgent), worth.off()));
  }

  static ContentView view(List<Saving> savings, long packedBesides, Optional<String> off) {
    long named = savings.stream().mapToLong(Saving::chunks).sum();
    long wanted = savings.stream().mapToLong(Saving::wanted).sum();
    int page = Grain.PAGE.bytes();
    return new ContentView(
        named * page,
        Math.max(0, named - wanted) * page,
        savings.stream().mapToLong(Saving::packedBytes).sum() + packedBesides,
        off);
  }

  static long packed(List<PackedPages> urgent) {
    return urgent.stream().mapToLong(PackedPages::packedBytes).sum();
  }

  /** To be called once, when nothing passes any more. */
  synchronized void ended(Guest guest) {
    worth.off().ifPresent(why -> LOG.info("migration={} named no more pages: {}", migration, why));
    checkpoint.ifPresent(
        begun -> {
          // What was not named is not in it: of little use, and not worth the disk.
          if (guest == Guest.LEFT && worth.remembers()) {
            begun.keep();
          } else {
            begun.drop();
          }
        });
    checkpoint = Optional.empty();
  }
}
