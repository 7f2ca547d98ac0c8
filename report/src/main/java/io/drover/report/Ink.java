package io.drover.report;

import java.util.Locale;

/**
 * Colours by what they mean, on light and on dark paper. Drover's are cool and the stock tools'
 * warm, so that the two families stay apart in every kind of colour blindness; within a family the
 * lightness differs, and a marker says the same once more.
 */
enum Ink {
  PAPER(0xffffff, 0x14181d),
  CARD(0xf6f7f9, 0x1c2229),
  TEXT(0x1b2128, 0xe7ebef),
  MUTED(0x57626e, 0xa3afbb),
  GRID(0xdfe4e9, 0x303943),
  AXIS(0x8a95a1, 0x6b7783),
  GOOD(0x0a6b4f, 0x57d0a8),
  BAD(0xb3261e, 0xff8a7a),
  DROVER_1(0x0b5fa5, 0x5cb3f5),
  DROVER_2(0x0f9d8a, 0x3fd0bb),
  DROVER_3(0x6547b5, 0xb39df2),
  DROVER_4(0x45a9e0, 0x9fdcff),
  DROVER_5(0x103a6b, 0x3f83d6),
  DROVER_6(0x3c7a2f, 0x8ccf6f),
  STOCK_1(0xd2520a, 0xff8f4a),
  STOCK_2(0xc79400, 0xf5cd4a),
  STOCK_3(0x9c2c5a, 0xf07fae),
  STOCK_4(0x7d4a1c, 0xcf9a66),
  STOCK_5(0xe58a76, 0xffc2b2),
  STOCK_6(0x5e1d1d, 0xd45f5f),
  PUBLISHED(0x5b6570, 0xb4bec8),
  LIMIT(0x1b2128, 0xe7ebef);

  private final int light;
  private final int dark;

  Ink(int light, int dark) {
    this.light = light;
    this.dark = dark;
  }

  int light() {
    return light;
  }

  /** As a style sheet refers to it. */
  String variable() {
    return "var(" + name(this) + ")";
  }

  static String lightSheet() {
    StringBuilder sheet = new StringBuilder();
    for (Ink ink : values()) {
      sheet.append("%s:#%06x;".formatted(name(ink), ink.light));
    }
    return sheet.toString();
  }

  static String darkSheet() {
    StringBuilder sheet = new StringBuilder();
    for (Ink ink : values()) {
      sheet.append("%s:#%06x;".formatted(name(ink), ink.dark));
    }
    return sheet.toString();
  }

  private static String name(Ink ink) {
    return "--" + ink.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
