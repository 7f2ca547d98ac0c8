package io.drover.model;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Bytes per second. Text is read as networks speak of it: {@code 1gbit} is 10^9 bits, {@code 100MB}
 * or {@code 100MB/s} is 10^8 bytes and {@code 100MiB/s} powers of 1024.
 */
public record ByteRate(long bytesPerSecond) implements Comparable<ByteRate> {
  private static final Pattern FORM =
      Pattern.compile(
          "([0-9]+(?:\\.[0-9]+)?)\\s*([kmg]?)(i?)(bit(?:/s)?|bps|b(?:/s)?)",
          Pattern.CASE_INSENSITIVE);
  private static final Map<String, Integer> POWERS = Map.of("", 0, "k", 1, "m", 2, "g", 3);

  public ByteRate {
    if (bytesPerSecond < 0) {
      throw new IllegalArgumentException("negative rate " + bytesPerSecond);
    }
  }

  public static ByteRate parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (matcher.matches()) {
      int power = POWERS.getOrDefault(matcher.group(2).toLowerCase(Locale.ROOT), 0);
      BigDecimal unit = BigDecimal.valueOf(matcher.group(3).isEmpty() ? 1000 : 1024).pow(power);
      BigDecimal value = new BigDecimal(matcher.group(1)).multiply(unit);
      if (matcher.group(4).toLowerCase(Locale.ROOT).startsWith("bit")
          || matcher.group(4).equalsIgnoreCase("bps")) {
        value = value.divide(BigDecimal.valueOf(8));
      }
      if (value.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) < 0) {
        return new ByteRate(value.longValue());
      }
    }
    throw Problem.usage(
            "bad-rate",
            "'%s' is not a rate".formatted(text),
            "Write for example 1gbit, 200mbit or 100MB/s.")
        .asException();
  }

  public double megabitsPerSecond() {
    return bytesPerSecond * 8 / 1e6;
  }

  @Override
  public int compareTo(ByteRate other) {
    return Long.compare(bytesPerSecond, other.bytesPerSecond);
  }

  @Override
  public String toString() {
    return bytesPerSecond >= 125_000_000
        ? String.format(Locale.ROOT, "%.2f Gbit/s", bytesPerSecond * 8 / 1e9)
        : String.format(Locale.ROOT, "%.1f Mbit/s", megabitsPerSecond());
  }
}
