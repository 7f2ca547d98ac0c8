package io.drover.migration;

import io.drover.model.ByteRate;
import io.drover.model.ByteSize;
import io.drover.model.Mode;
import java.time.Duration;
import java.util.Locale;

/**
 * Which mode a migration takes, and what to expect of it.
 *
 * @param reason why, in one sentence
 * @param bytes what is expected to cross
 */
public record ModeChoice(
    Mode mode, String reason, double bytes, double seconds, double downtimeMillis) {

  /** What {@code auto} lets a mode send twice before it prefers one that does not. */
  private static final double ACCEPTED_OVERHEAD = 1.10;

  /**
   * What it lets post-copy's last pass send twice in any case: of a small guest nearly all may be
   * in use, and yet a second pass costs no more than the moment of slow first steps it saves.
   */
  private static final double ACCEPTED_SECONDS = 0.25;

  /**
   * On a thin link a guest that is at the target without its memory stands still for longer than
   * anybody would take for a hiccup: then more may be sent twice.
   */
  private static final double NOTICED_SECONDS = 1;

  private static final double ACCEPTED_OVERHEAD_OF_A_SLOW_START = 1.5;

  /** So soon a guest is across that a pass too many is hardly noticed, and a standstill is. */
  private static final double SHORT_SECONDS = 2;

  private static final int MOST_PASSES = 30;

  /** Stopping, the device state, and starting again, as measured on idle guests. */
  private static final double SWITCH_MILLIS = 25;

  /** Whether both hosts can do post-copy. */
  public enum PostCopy {
    POSSIBLE,
    IMPOSSIBLE
  }

  /**
   * Under what a guest goes.
   *
   * @param requested what a person asked for
   */
  public record Terms(Mode requested, ByteRate link, Duration maxDowntime, PostCopy postCopy) {
    private double rate() {
      return Math.max(1, link.bytesPerSecond());
    }

    /**
     * Predicts the mode asked for, or chooses one where that is {@code auto}.
     *
     * @param used the memory that the guest reads or writes: as much as it writes, at most
     */
    public ModeChoice choose(DirtyMemory used) {
      return choose(used, used);
    }

    /**
     * The same where it is known what the guest writes.
     *
     * @param written without what it only reads
     */
    public ModeChoice choose(DirtyMemory used, DirtyMemory written) {
      WorkingSet set = WorkingSet.fit(written);
      double resident = Math.max(1, used.residentBytes());
      Precopy precopy = precopy(set, resident, rate(), maxDowntime);
      return switch (requested) {
        case PRECOPY -> precopy.choice("as asked", rate());
        case POSTCOPY -> postcopy("as asked", resident, rate());
        case HYBRID -> hybrid("as asked", set, resident, rate());
        case COLD ->
            new ModeChoice(
                Mode.COLD, "as asked", resident, resident / rate(), resident / rate() * 1000);
        case AUTO -> auto(set, resident, precopy, slowStart(used));
      };
    }

    /** Whether it would change the choice if the guest wrote less than it uses. */
    public boolean wantsToKnowWrites(ModeChoice choice, DirtyMemory used) {
      return requested == Mode.AUTO
          && choice.mode() == Mode.POSTCOPY
          && (startsSlowly(used) || used.residentBytes() / rate() < SHORT_SECONDS);
    }

    /** Whether people would notice how long a guest waits for its first steps in post-copy. */
    public boolean startsSlowly(DirtyMemory used) {
      return slowStart(used) > NOTICED_SECONDS;
    }

    /** How long a guest waits that is at the target without its memory, for its first second. */
    private double slowStart(DirtyMemory used) {
      return WorkingSet.fit(used).rewrittenWithin(1) / rate();
    }

    private ModeChoice auto(WorkingSet set, double resident, Precopy precopy, double slowStart) {
      double rate = rate();
      double accepted =
          slowStart > NOTICED_SECONDS ? ACCEPTED_OVERHEAD_OF_A_SLOW_START : ACCEPTED_OVERHEAD;
      String pace =
          "the guest rewrites %s of memory a second and the link carries %s"
              .formatted(size(set.rewrittenWithin(1)), link);
      String insteadOfWaiting =
          slowStart > NOTICED_SECONDS
              ? ": with post-copy alone the guest would first wait %.0f s for what it uses in one"
                  .formatted(slowStart)
              : "";
      if (precopy.converges() && precopy.bytes() <= resident * accepted) {
        return precopy.choice(
            pace
                + ", so pre-copy ends within the allowed downtime and sends little twice"
                + insteadOfWaiting,
            rate);
      }
      if (postCopy == PostCopy.IMPOSSIBLE) {
        return precopy.choice(
            pace
                + ", and post-copy is not possible here, so pre-copy slows the guest until it"
                + " converges",
            rate);
      }
      double hybridBytes = resident + set.rewrittenWithin(resident / rate);
      if (hybridBytes <= Math.max(resident * accepted, resident + rate * ACCEPTED_SECONDS)) {
        return hybrid(
            pace
                + ", so one pass moves nearly everything and post-copy the small rest that stays"
                + " hot"
                + insteadOfWaiting,
            set,
            resident,
            rate);
      }
      return postcopy(
          pace
              + ", so pre-copy would send %s twice and post-copy sends each page once"
                  .formatted(size(set.rewrittenWithin(resident / rate))),
          resident,
          rate);
    }
  }

  private record Precopy(boolean converges, double bytes, double lastBytes, double fixedMillis) {
    ModeChoice choice(String reason, double rate) {
      return new ModeChoice(
          Mode.PRECOPY, reason, bytes, bytes / rate, lastBytes / rate * 1000 + fixedMillis);
    }
  }

  private static Precopy precopy(
      WorkingSet set, double resident, double rate, Duration maxDowntime) {
    double enough = rate * maxDowntime.toNanos() / 1e9;
    double remaining = resident;
    double sent = 0;
    for (int pass = 0; pass < MOST_PASSES && remaining > enough; pass++) {
      sent += remaining;
      double next = set.rewrittenWithin(remaining / rate);
      if (next >= remaining * 0.95 && pass > 0) {
        return new Precopy(false, Double.POSITIVE_INFINITY, next, SWITCH_MILLIS);
      }
      remaining = next;
    }
    return new Precopy(remaining <= enough, sent + remaining, remaining, SWITCH_MILLIS);
  }

  private static ModeChoice postcopy(String reason, double resident, double rate) {
    return new ModeChoice(Mode.POSTCOPY, reason, resident, resident / rate, SWITCH_MILLIS);
  }

  private static ModeChoice hybrid(String reason, WorkingSet set, double resident, double rate) {
    double bytes = resident + set.rewrittenWithin(resident / rate);
    return new ModeChoice(Mode.HYBRID, reason, bytes, bytes / rate, SWITCH_MILLIS);
  }

  private static String size(double bytes) {
    return new ByteSize((long) bytes).toString();
  }

  /** The reason as the start of a sentence. */
  public String sentence() {
    return reason.substring(0, 1).toUpperCase(Locale.ROOT) + reason.substring(1) + ".";
  }
}
