package io.drover.qemu;

import io.drover.model.ByteSize;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What the kernel says about the mapping that holds the guest's memory. */
record GuestMappings(long residentBytes, long referencedBytes) {
  private static final Pattern HEAD = Pattern.compile("^[0-9a-f]+-[0-9a-f]+ .*");
  private static final Pattern FIELD = Pattern.compile("^(Size|Rss|Referenced): +([0-9]+) kB$");

  /** Reads {@code /proc/PID/smaps}; the guest's memory is one mapping of at least its size. */
  static GuestMappings parse(Stream<String> smaps, ByteSize memory) {
    long[] sums = new long[2];
    long[] current = new long[1];
    // A 32-bit hole splits what the guest sees but not what QEMU maps.
    smaps.forEach(
        line -> {
          Matcher field = FIELD.matcher(line);
          if (HEAD.matcher(line).matches()) {
            current[0] = 0;
          } else if (field.matches()) {
            long bytes = Long.parseLong(field.group(2)) * 1024;
            switch (field.group(1)) {
              case "Size" -> current[0] = bytes;
              case "Rss" -> sums[0] += current[0] >= memory.bytes() ? bytes : 0;
              case "Referenced" -> sums[1] += current[0] >= memory.bytes() ? bytes : 0;
              default -> throw new IllegalStateException(line);
            }
          }
        });
    return new GuestMappings(sums[0], sums[1]);
  }
}
