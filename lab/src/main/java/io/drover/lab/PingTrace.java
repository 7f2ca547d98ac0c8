package io.drover.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * When answers came, from what {@code ping -D -O} prints.
 *
 * <p>Threads: any.
 */
final class PingTrace {
  private static final Pattern ANSWER =
      Pattern.compile("\\[([0-9]+)\\.([0-9]{6})\\] .*icmp_seq=([0-9]+) .*time=.*");
  private static final Pattern SILENCE =
      Pattern.compile("\\[[0-9.]+\\] no answer yet for icmp_seq=([0-9]+)");

  private final List<Long> answerMicros = new ArrayList<>();
  private long unanswered;

  synchronized void accept(String line) {
    Matcher answer = ANSWER.matcher(line);
    if (answer.matches()) {
      answerMicros.add(
          Long.parseLong(answer.group(1)) * 1_000_000 + Long.parseLong(answer.group(2)));
    } else if (SILENCE.matcher(line).matches()) {
      unanswered++;
    }
  }

  synchronized int answers() {
    return answerMicros.size();
  }

  /** Requests that had no answer when the next one went out; some of those come late. */
  synchronized long unanswered() {
    return unanswered;
  }

  /** The longest time between two answers, of those that came at or after a moment. */
  synchronized double longestGapMillis(long sinceEpochMillis) {
    long longest = 0;
    for (int i = 1; i < answerMicros.size(); i++) {
      if (answerMicros.get(i) >= sinceEpochMillis * 1000) {
        longest = Math.max(longest, answerMicros.get(i) - answerMicros.get(i - 1));
      }
    }
    return longest / 1000.0;
  }
}
