package io.drover.lab;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the verified disk load says of one disk.
 *
 * @param sweeps how often all that it writes to was read back, byte by byte
 */
record DiskStatus(String device, double guestSeconds, long sweeps, long errors, long writtenBytes) {
  private static final Pattern LINE =
      Pattern.compile(
          "DROVER disk dev=(\\w+) t=([0-9.]+) sweeps=([0-9]+) verified=[0-9]+ errors=([0-9]+)"
              + " written=([0-9]+) rate=[0-9.]+ first=\\S+ ok");

  static Optional<DiskStatus> parse(String line) {
    Matcher matcher = LINE.matcher(line);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new DiskStatus(
              matcher.group(1),
              Double.parseDouble(matcher.group(2)),
              Long.parseLong(matcher.group(3)),
              Long.parseLong(matcher.group(4)),
              Long.parseLong(matcher.group(5))));
    } catch (NumberFormatException _) {
      return Optional.empty();
    }
  }
}
