package io.drover.agent;

import io.drover.chunk.exchange.Saving;
import io.drover.model.ByteRate;
import io.drover.model.ByteSize;
import io.drover.model.Dedup;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Whether it pays to name pages before they are sent. On a link that is slower than naming it costs
 * nothing but the names, less than a hundredth; on a faster one it has to find something. What is
 * faster depends on the processors that are free: so it is found out by how much of the link is
 * used. Once it does not pay it stays off for the rest of its migration. One thread reports, any
 * may ask.
 */
final class NamingWorth {
  /** So many pages are looked at together. */
  static final long WINDOW_PAGES = 4096;

  private static final int PAGE_BYTES = 4096;
  private static final double LEAST_FOUND = 0.1;

  /** What a core names, looks up, and copies besides sending, with much to spare. */
  private static final long NAMED_BYTES_PER_SECOND = 200_000_000;

  /** A link of which less is used waits for the naming. */
  private static final double LINK_USED = 0.8;

  /** One slow window may be somebody else's doing. */
  private static final int SLOW_WINDOWS = 3;

  private static final Saving NOTHING = new Saving(0, 0, 0);

  private final Dedup wanted;
  private final Supplier<Optional<ByteRate>> link;
  private final LongSupplier nanoClock;
  private int slowWindows;
  private Saving before = NOTHING;
  private long sinceNanos;
  private volatile Optional<String> off = Optional.empty();
  private volatile boolean hurried;

  /**
   * Names from now on.
   *
   * @param link what it carries, once that is known; nothing where others share it
   */
  NamingWorth(Dedup wanted, Supplier<Optional<ByteRate>> link, LongSupplier nanoClock) {
    this.wanted = wanted;
    this.link = link;
    this.nanoClock = nanoClock;
    this.sinceNanos = nanoClock.getAsLong();
  }

  /** A new attempt counts its pages from 0, and after a pause. */
  void restart() {
    before = NOTHING;
    sinceNanos = nanoClock.getAsLong();
  }

  boolean pays() {
    return off.isEmpty();
  }

  /**
   * Whether there is time to learn the names of pages that cross without them: that costs a part of
   * what it does to ask for each of them, and saves them on the way back.
   */
  boolean remembers() {
    return !hurried;
  }

  /** Why it does not pay, once it does not. */
  Optional<String> off() {
    return off;
  }

  /** Takes note of what has been named and answered so far in this attempt. */
  void progressed(Saving saving) {
    long pages = saving.chunks() - before.chunks();
    if (wanted == Dedup.ON || off.isPresent() || pages < WINDOW_PAGES) {
      return;
    }
    long now = nanoClock.getAsLong();
    double seconds = Math.max(1, now - sinceNanos) / 1e9;
    long found = Math.max(0, pages - (saving.wanted() - before.wanted()));
    ByteRate rate = new ByteRate(Math.round(pages * PAGE_BYTES / seconds));
    ByteSize named = new ByteSize(pages * PAGE_BYTES);
    ByteSize held = new ByteSize(found * PAGE_BYTES);
    if (found < pages * LEAST_FOUND && rate.bytesPerSecond() > NAMED_BYTES_PER_SECOND) {
      hurried = true;
      off =
          Optional.of(
              "of %s the target held %s, and the link carries %s, more than is worth naming"
                  .formatted(named, held, rate));
    }
    long spared = found * PAGE_BYTES + saving.packedBytes() - before.packedBytes();
    Optional<ByteRate> faster =
        link.get().filter(all -> rate.bytesPerSecond() < all.bytesPerSecond() * LINK_USED);
    slowWindows = faster.isPresent() && spared < named.bytes() * LEAST_FOUND ? slowWindows + 1 : 0;
    if (slowWindows == SLOW_WINDOWS) {
      off =
          faster.map(
              all ->
                  "of %s the target held %s, and %s crossed where the link carries %s"
                      .formatted(named, held, rate, all));
    }
    before = saving;
    sinceNanos = now;
  }
}
