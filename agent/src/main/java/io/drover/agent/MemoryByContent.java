package io.drover.agent;

import io.drover.api.MigrationView.ContentView;
import io.drover.chunk.Grain;
import io.drover.chunk.exchange.Compression;
import io.drover.chunk.exchange.Saving;
import io.drover.model.ByteRate;
import io.drover.model.Dedup;
import io.drover.model.MemoryBudget;
import io.drover.model.MigrationId;
import io.drover.tunnel.Coding;
import io.drover.wire.PeerMessage;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One guest's memory on its way out by content, over all attempts. */
final class MemoryByContent {
  private static final Logger LOG = LoggerFactory.getLogger(MemoryByContent.class);
  private static final int BATCH_BYTES = 128 << 10;
  private static final int USUAL_IN_FLIGHT_BYTES = 2 << 20;

  /** On a faster link a page crosses sooner than it is packed hard. */
  private static final ByteRate THIN = new ByteRate(25_000_000);

  private final MigrationId migration;
  private final Supplier<Optional<ByteRate>> link;
  private final NamingWorth worth;
  private final MemoryBudget.Share memory;
  private final Supplier<Optional<Checkpoint>> checkpoints;
  // Of attempts that are over only the numbers are kept.
  private Optional<SendingPages> latest = Optional.empty();
  private Optional<PackedPages> latestUrgent = Optional.empty();
  private Saving earlier = Saving.NOTHING;
  private volatile int inFlightBytes = USUAL_IN_FLIGHT_BYTES;
  private Optional<Checkpoint> checkpoint = Optional.empty();
  private boolean over;

  /** What became of the guest. */
  enum Guest {
    LEFT,
    STAYED
  }

  /**
   * Nothing has crossed yet.
   *
   * @param link what it carries, once that is known
   * @param memory for what is on its way
   * @param checkpoints begins one, where this host keeps any
   */
  MemoryByContent(
      MigrationId migration,
      Dedup wanted,
      Supplier<Optional<ByteRate>> link,
      MemoryBudget.Share memory,
      Supplier<Optional<Checkpoint>> checkpoints) {
    this.migration = migration;
    this.memory = memory;
    this.link = link;
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
    Compression compression = compression(agreed);
    return (toPeer, toHypervisor, hypervisorEnd) ->
        begin(name, compression, toPeer, toHypervisor, hypervisorEnd);
  }

  private Compression compression(PeerMessage.ContentUse agreed) {
    Compression usual = HeldChunks.compression(agreed);
    return isThin() ? usual.whenIdleToo() : usual;
  }

  private boolean isThin() {
    return link.get().filter(rate -> rate.compareTo(THIN) < 0).isPresent();
  }

  /** For the urgent channel of the next attempt, if what crosses may be packed. */
  Coding.Factory urgentCoding(PeerMessage.ContentUse agreed) {
    Compression compression =
        isThin() ? HeldChunks.compression(agreed).whenIdleToo() : Compression.NONE;
    return (toPeer, toHypervisor, hypervisorEnd) ->
        begunUrgent(new PackedPages(compression, toPeer, toHypervisor, hypervisorEnd));
  }

  private synchronized PackedPages begunUrgent(PackedPages made) {
    latestUrgent.ifPresent(before -> earlier = earlier.plus(before.saving()));
    latestUrgent = Optional.of(made);
    return made;
  }

  private synchronized SendingPages begin(
      String name,
      Compression compression,
      Coding.Sink toPeer,
      Coding.Sink toHypervisor,
      Coding.End hypervisorEnd) {
    if (latest.isEmpty()) {
      checkpoint = checkpoints.get();
    }
    latest.ifPresent(
        before -> {
          before.breakOff("another attempt has begun");
          earlier = earlier.plus(before.saving());
        });
    SendingPages made =
        new SendingPages(
            name,
            inFlightBytes / BATCH_BYTES,
            compression,
            memory,
            latest,
            worth,
            checkpoint.map(kept -> kept),
            toPeer,
            toHypervisor,
            hypervisorEnd);
    latest = Optional.of(made);
    return made;
  }

  /** What people are shown; nothing where content was not used. */
  synchronized Optional<ContentView> view() {
    Saving urgent = latestUrgent.map(PackedPages::saving).orElse(Saving.NOTHING);
    return latest.map(attempt -> view(earlier.plus(attempt.saving()).plus(urgent), worth.off()));
  }

  static ContentView view(Saving saving, Optional<String> off) {
    int page = Grain.PAGE.bytes();
    return new ContentView(
        saving.chunks() * page,
        Math.max(0, saving.chunks() - saving.wanted()) * page,
        saving.packedBytes(),
        off);
  }

  /** To be called when nothing passes any more; the first time counts. */
  void ended(Guest guest) {
    Optional<Checkpoint> begun;
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
      begun = checkpoint;
      checkpoint = Optional.empty();
    }
    worth.off().ifPresent(why -> LOG.info("migration={} named no more pages: {}", migration, why));
    // The disk may take its time over it, and people still want to be shown.
    begun.ifPresent(
        written -> {
          // What was not named is not in it: of little use, and not worth the disk.
          if (guest == Guest.LEFT && worth.remembers()) {
            written.keep();
          } else {
            written.drop();
          }
        });
  }
}
