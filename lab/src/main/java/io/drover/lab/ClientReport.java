package io.drover.lab;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a client outside saw of a guest since it was told to begin anew; see {@code netprobe.c}.
 *
 * @param sent requests since the client started
 * @param answers to them
 * @param gapMillis the longest time without an answer, also one that still lasts
 * @param gapEndNanos when that ended, by {@link System#nanoTime}: the machine's monotonic clock
 * @param slowestMillis the longest that one request took
 * @param silentMillis how long the last answer is ago
 * @param lost requests that had no answer within a second
 * @param broken connections that ended other than they should
 * @param why how the last of those did
 */
record ClientReport(
    ClientKind kind,
    long sent,
    long answers,
    double gapMillis,
    long gapEndNanos,
    double slowestMillis,
    double silentMillis,
    long lost,
    long broken,
    String why) {
  private static final Pattern WORD = Pattern.compile(" ([a-z]+)=([a-z0-9]+)");
  private static final String BEGINNING = "DROVER client kind=";
  private static final double MICROS_PER_MILLI = 1000;
  private static final double CUT_OFF_MILLIS = 2000;

  /** Nothing where a line is no report. */
  static Optional<ClientReport> parse(String line) {
    if (!line.startsWith(BEGINNING)) {
      return Optional.empty();
    }
    Map<String, String> words = new HashMap<>();
    Matcher matcher = WORD.matcher(line);
    while (matcher.find()) {
      words.put(matcher.group(1), matcher.group(2));
    }
    try {
      return Optional.of(
          new ClientReport(
              ClientKind.of(words.getOrDefault("kind", "")),
              number(words, "sent"),
              number(words, "answers"),
              number(words, "gap") / MICROS_PER_MILLI,
              number(words, "end") * 1000,
              number(words, "slowest") / MICROS_PER_MILLI,
              number(words, "silent") / MICROS_PER_MILLI,
              number(words, "lost"),
              number(words, "broken"),
              words.getOrDefault("why", "")));
    } catch (IllegalArgumentException cutOff) {
      return Optional.empty();
    }
  }

  private static long number(Map<String, String> words, String key) {
    return Long.parseLong(words.getOrDefault(key, ""));
  }

  /**
   * Whether it was cut off: nobody answered it for long, or a connection ended badly. An idle one
   * has to be woken before.
   */
  boolean isCutOff() {
    boolean unheard = kind.isAnswered() && silentMillis > CUT_OFF_MILLIS;
    return unheard || broken > 0;
  }

  /** For people. */
  @Override
  public String toString() {
    return "%s: silent for %.0f ms, slowest %.0f ms, %d lost, %d broken%s"
        .formatted(
            kind.word(), gapMillis, slowestMillis, lost, broken, broken > 0 ? " by " + why : "");
  }
}
