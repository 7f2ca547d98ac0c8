package io.drover.lab;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a guest took in without answering; see {@code netserve.c}.
 *
 * @param sunk numbered datagrams that arrived
 * @param last the highest number
 * @param missing numbers below it that did not arrive
 * @param longestRun of missing numbers: times the sender's interval, the longest silence
 * @param forbidden packets that a firewall should have stopped
 */
record SilentTraffic(long sunk, long last, long missing, long longestRun, long forbidden) {
  private static final Pattern LINE =
      Pattern.compile(
          "DROVER net sink=([0-9]{1,15}) last=([0-9]{1,15}) missing=([0-9]{1,15})"
              + " run=([0-9]{1,15}) forbidden=([0-9]{1,15}) ok");

  /** Nothing where a line says something else or was cut off. */
  static Optional<SilentTraffic> parse(String line) {
    Matcher matcher = LINE.matcher(line);
    return matcher.matches()
        ? Optional.of(
            new SilentTraffic(
                number(matcher, 1),
                number(matcher, 2),
                number(matcher, 3),
                number(matcher, 4),
                number(matcher, 5)))
        : Optional.empty();
  }

  private static long number(Matcher matcher, int group) {
    return Long.parseLong(matcher.group(group));
  }
}
