package io.drover.lab;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long a guest's reads of random pages took, as {@code faultprobe} says it.
 *
 * @param reads all that there were
 * @param slow how many of them took long, by bucket: bucket b begins at 2^(b/8) nanoseconds
 */
record ProbedReads(long reads, Map<Integer, Long> slow) {
  private static final Pattern LINE =
      Pattern.compile(
          "DROVER probe t=[0-9.]+ reads=([0-9]{1,18}) slow=((?:[0-9]{1,3}:[0-9]{1,18},)*) ok");
  private static final int BUCKETS_PER_DOUBLING = 8;

  ProbedReads {
    slow = Map.copyOf(slow);
  }

  /** A line cut in two by a move, or mixed with the kernel's words, says nothing. */
  static Optional<ProbedReads> parse(String line) {
    Matcher matcher = LINE.matcher(line);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    Map<Integer, Long> slow = new TreeMap<>();
    if (!matcher.group(2).isEmpty()) {
      for (String word : matcher.group(2).split(",", 0)) {
        int colon = word.indexOf(':');
        slow.put(
            Integer.parseInt(word.substring(0, colon)), Long.parseLong(word.substring(colon + 1)));
      }
    }
    return Optional.of(new ProbedReads(Long.parseLong(matcher.group(1)), slow));
  }

  /** What came after an earlier look at the same guest. */
  ProbedReads since(ProbedReads earlier) {
    Map<Integer, Long> more = new TreeMap<>();
    slow.forEach(
        (bucket, count) -> {
          long added = count - earlier.slow.getOrDefault(bucket, 0L);
          if (added > 0) {
            more.put(bucket, added);
          }
        });
    return new ProbedReads(reads - earlier.reads, more);
  }

  long slowReads() {
    return slow.values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * The duration that so many of the slow reads did not exceed, to a bucket's middle: exact to 5 %.
   */
  Optional<Double> quantileMillis(double share) {
    long wanted = (long) Math.ceil(slowReads() * share);
    long seen = 0;
    for (Map.Entry<Integer, Long> bucket : new TreeMap<>(slow).entrySet()) {
      seen += bucket.getValue();
      if (seen >= wanted && wanted > 0) {
        return Optional.of(Math.pow(2, (bucket.getKey() + 0.5) / BUCKETS_PER_DOUBLING) / 1_000_000);
      }
    }
    return Optional.empty();
  }
}
