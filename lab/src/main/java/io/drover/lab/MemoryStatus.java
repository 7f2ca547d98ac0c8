package io.drover.lab;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the verified memory load says of itself.
 *
 * @param number counts the guest's lines: one that comes twice was said by two copies of it
 * @param sweeps how often all of its memory was checked, byte by byte
 * @param writtenBytes what it rewrote, in whole pages
 * @param megabytesPerSecond how fast it rewrote lately
 * @param firstError where the first wrong word was; empty while there is none
 */
record MemoryStatus(
    long number,
    double guestSeconds,
    long sweeps,
    long verifiedBytes,
    long errors,
    long writtenBytes,
    double megabytesPerSecond,
    Optional<String> firstError) {

  private static final String PREFIX = "DROVER mem ";
  private static final String SUFFIX = " ok";

  /** A line cut in two by a move, or mixed with the kernel's words, is no status. */
  static Optional<MemoryStatus> parse(String line) {
    if (!line.startsWith(PREFIX) || !line.endsWith(SUFFIX)) {
      return Optional.empty();
    }
    Map<String, String> fields = new HashMap<>();
    for (String word :
        line.substring(PREFIX.length(), line.length() - SUFFIX.length()).split(" ", -1)) {
      int equals = word.indexOf('=');
      if (equals <= 0
          || fields.put(word.substring(0, equals), word.substring(equals + 1)) != null) {
        return Optional.empty();
      }
    }
    try {
      String first = fields.getOrDefault("first", "");
      return Optional.of(
          new MemoryStatus(
              Long.parseLong(fields.getOrDefault("n", "")),
              Double.parseDouble(fields.getOrDefault("t", "")),
              Long.parseLong(fields.getOrDefault("sweeps", "")),
              Long.parseLong(fields.getOrDefault("verified", "")),
              Long.parseLong(fields.getOrDefault("errors", "")),
              Long.parseLong(fields.getOrDefault("written", "")),
              Double.parseDouble(fields.getOrDefault("rate", "")),
              first.isEmpty() || first.equals("none") ? Optional.empty() : Optional.of(first)));
    } catch (NumberFormatException _) {
      return Optional.empty();
    }
  }
}
