package io.drover.report;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.OptionalDouble;

/** Numbers as people read them. */
final class Numbers {
  private static final char THIN_SPACE = '\u202f';

  private Numbers() {}

  /** About three significant digits; thousands stand apart. */
  static String of(double value) {
    double size = Math.abs(value);
    if (value == 0) {
      return "0";
    }
    if (size >= 1e9 || size < 0.001) {
      return String.format(Locale.ROOT, "%.2e", value);
    }
    return fixed(value, size >= 1000 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
  }

  static String withUnit(double value, String unit) {
    return unit.isEmpty() ? of(value) : of(value) + "\u00a0" + unit;
  }

  /** A number that somebody chose, such as a limit: neither more nor fewer digits than it has. */
  static String exact(double value) {
    return new BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString();
  }

  /** A mark on an axis, as exact as the distance of two marks asks for. */
  static String tick(double value, double step) {
    if (step >= 1e9 || step < 1e-6) {
      return String.format(Locale.ROOT, "%.1e", value);
    }
    int decimals = 0;
    for (double scaled = step; Math.abs(scaled - Math.rint(scaled)) > 1e-6; scaled *= 10) {
      decimals++;
    }
    return fixed(value, decimals);
  }

  static String ratio(double ratio) {
    double size = Math.abs(ratio);
    return fixed(ratio, size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 || size == 0 ? 2 : 4);
  }

  /** One number over another, where that means something. */
  static OptionalDouble over(double value, double base) {
    return base == 0 ? OptionalDouble.empty() : OptionalDouble.of(value / base);
  }

  private static String fixed(double value, int decimals) {
    String text = String.format(Locale.ROOT, "%,." + decimals + "f", value);
    return text.replace(',', THIN_SPACE).replaceFirst("^-(?=0(\\.0*)?$)", "");
  }
}
