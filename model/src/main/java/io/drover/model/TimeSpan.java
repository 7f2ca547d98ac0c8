package io.drover.model;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How people write and read durations: {@code 100ms}, {@code 5s}, {@code 2m}, {@code 1h}. */
public final class TimeSpan {
  private static final Pattern FORM =
      Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,9})?)\\s*(ms|s|m|min|h)");
  private static final Map<String, Long> NANOS =
      Map.of(
          "ms", 1_000_000L,
          "s", 1_000_000_000L,
          "m", 60_000_000_000L,
          "min", 60_000_000_000L,
          "h", 3_600_000_000_000L);

  private TimeSpan() {}

  public static Duration parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (matcher.matches()) {
      long unit = NANOS.getOrDefault(matcher.group(2), 0L);
      BigDecimal nanos = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(unit));
      if (nanos.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) < 0) {
        return Duration.ofNanos(nanos.longValue());
      }
    }
    throw Problem.usage(
            "bad-duration",
            "'%s' is not a duration".formatted(text),
            "Write for example 100ms, 5s or 2m.")
        .asException();
  }

  /** Short, and no more exact than anybody wants to read. */
  public static String text(Duration span) {
    long millis = span.toMillis();
    if (millis < 1000) {
      return millis + " ms";
    }
    if (millis < 60_000) {
      return String.format(Locale.ROOT, millis < 10_000 ? "%.2f s" : "%.1f s", millis / 1000.0);
    }
    if (millis < 3_600_000) {
      return "%d min %d s".formatted(millis / 60_000, millis / 1000 % 60);
    }
    return "%d h %d min".formatted(millis / 3_600_000, millis / 60_000 % 60);
  }
}
